"""What is wrong with a text that is not JSON."""

import json

import pytest
from hypothesis import given, strategies as st

from promotions.engine.analysis.providers.json_syntax import syntax_problem


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "unexpected end of JSON input"),
        (" \n", "unexpected end of JSON input"),
        ("[1,", "unexpected end of JSON input"),
        ('{"a"', "unexpected end of JSON input"),
        ('"open', "unexpected end of JSON input"),
        ("invalid", "invalid character 'i' looking for beginning of value"),
        ("é", "invalid character 'Ã' looking for beginning of value"),
        ("'a'", r"invalid character '\'' looking for beginning of value"),
        ("NaN", "invalid character 'N' looking for beginning of value"),
        ("[1 2]", "invalid character '2' after array element"),
        ("[1,]", "invalid character ']' looking for beginning of value"),
        ("{1:2}", "invalid character '1' looking for beginning of object key string"),
        ('{"a" 1}', "invalid character '1' after object key"),
        ('{"a":1 "b"}', "invalid character '\"' after object key:value pair"),
        ('{"a":1,}', "invalid character '}' looking for beginning of object key string"),
        ("1 2", "invalid character '2' after top-level value"),
        ("01", "invalid character '1' after top-level value"),
        ("-a", "invalid character 'a' in numeric literal"),
        ("-", "invalid character ' ' in numeric literal"),
        ("1.", "invalid character ' ' after decimal point in numeric literal"),
        ("1e+", "invalid character ' ' in exponent of numeric literal"),
        ("nul", "invalid character ' ' in literal null (expecting 'l')"),
        ("trie", "invalid character 'i' in literal true (expecting 'u')"),
        (r'"\q"', "invalid character 'q' in string escape code"),
        (r'"\u12x4"', r"invalid character 'x' in \u hexadecimal character escape"),
        ('"a\nb"', r"invalid character '\n' in string literal"),
        ('"a\x01"', r"invalid character '\x01' in string literal"),
    ],
)
def test_the_first_thing_that_is_wrong_is_named_as_go_names_it(text: str, problem: str) -> None:
    assert syntax_problem(text) == problem


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON, st.sampled_from([None, 2]))
def test_nothing_is_wrong_with_json(document: object, indent: int | None) -> None:
    assert syntax_problem(json.dumps(document, indent=indent)) == ""


@given(st.text())
def test_any_text_that_python_refuses_has_a_problem(text: str) -> None:
    try:
        json.loads(text, parse_constant=_refuse)
    except ValueError:
        assert syntax_problem(text) != ""
    else:
        assert syntax_problem(text) == ""


def _refuse(name: str) -> None:
    raise ValueError(name)


def test_deep_nesting_does_not_exhaust_the_stack() -> None:
    assert syntax_problem("[" * 100_000) == "unexpected end of JSON input"
