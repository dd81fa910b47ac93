"""How values are printed and quoted."""

import pytest
import yaml
from hypothesis import given, strategies as st

from common.errors import InvalidError
from common.jsontypes import JSONValue
from promotions.engine.documents.gotext import decimal_text, plain_text, unicode_text
from promotions.engine.documents.yaml_quoting import quoted_if_necessary, scalar_text
from promotions.engine.goquote import go_quote

SCALARS = st.none() | st.booleans() | st.integers() | st.text()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "<nil>"),
        (True, "true"),
        (-3, "-3"),
        (2.0, "2"),
        (1234567.0, "1.234567e+06"),
        (1e-5, "1e-05"),
        ("a b", "a b"),
        (["a", 1, None], "[a 1 <nil>]"),
        ({"b": 1, "a": [True]}, "map[a:[true] b:1]"),
    ],
)
def test_values_print_as_in_go(value: JSONValue, text: str) -> None:
    assert plain_text(value) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", '"plain"'),
        ('say "hi"\\', r'"say \"hi\"\\"'),
        ("\a\b\f\n\r\t\v", r'"\a\b\f\n\r\t\v"'),
        ("\x01\x7f", r'"\x01\x7f"'),
        ("é日😀", '"é日😀"'),
        ("\xa0\u2028\U000e0001", r'"\u00a0\u2028\U000e0001"'),
    ],
)
def test_text_is_quoted_as_in_go(text: str, expected: str) -> None:
    assert go_quote(text) == expected


@pytest.mark.parametrize(
    ("number", "text"), [(1e21, "1" + "0" * 21), (1.5e-7, "0.00000015"), (3.0, "3"), (-0.5, "-0.5")]
)
def test_numbers_print_without_exponents(number: float, text: str) -> None:
    assert decimal_text(number) == text


@pytest.mark.parametrize(
    "text",
    [
        *("42", "4.2", "1_000", "+5", ".5", "5.", "1e3", "0x1p-2", "0X_1.8P1", "Inf", "-infinity"),
        *("nan", "t", "F", "True", "null", "[1]", '{"a": 1}', '"q"', " 42 ", "1e999"),
    ],
)
def test_text_that_reads_as_another_type_is_quoted(text: str) -> None:
    assert quoted_if_necessary(text) == go_quote(text)


@pytest.mark.parametrize(
    "text",
    [
        *("1.2.3", "yes", "Null", "a: b", "- x", "1__0", "_1", "0x1", "+1e999", "0x1p99999", '"'),
        *("", "٣", "+nan", "infinit", "[1", "01x"),
    ],
)
def test_other_text_is_left_alone(text: str) -> None:
    assert quoted_if_necessary(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *("yes", "off", "a: b", "x # y", "*a", "&a", "!t", "- a", "? a", "@a", "`", "%a", "|", ">"),
        *("two\nlines", " x", "x ", "0x1F", "0o17", "12:30:45", "~", "<<", "=", "[1", "x:"),
    ],
)
def test_a_scalar_is_quoted_where_kargo_would_break_the_document(text: str) -> None:
    assert scalar_text(text) == go_quote(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "null"), (float("inf"), ".inf"), (float("-inf"), "-.inf"), (float("nan"), ".nan")],
)
def test_null_and_infinities_are_written_as_yaml_has_them(value: float | None, text: str) -> None:
    assert scalar_text(value) == text


def test_a_collection_is_no_scalar() -> None:
    for value in ([1], {"a": 1}):
        with pytest.raises(InvalidError):
            scalar_text(value)


def test_half_a_surrogate_pair_is_no_text() -> None:
    with pytest.raises(InvalidError):
        unicode_text("a\ud800")


@given(SCALARS)
def test_a_scalar_reads_back_as_the_same_value(value: JSONValue) -> None:
    for text, in_flow in ((f"k: {scalar_text(value)}\n", False), (_flow(value), True)):
        loaded = yaml.safe_load(text)
        found = loaded[0] if in_flow else loaded["k"]
        if isinstance(value, str) and type(found).__name__ in {"date", "datetime"}:
            continue
        assert found == (value if value != "" or in_flow else None)


def _flow(value: JSONValue) -> str:
    return f"[{scalar_text(value, in_flow=True)}]"
