import json
import time
from contextlib import suppress
from datetime import UTC, datetime

import pytest
import yaml
from hypothesis import given, strategies as st

from common.errors import InvalidError
from common.jsontypes import JSONValue
from promotions.engine.expressions.builtins.dates import now_function
from promotions.engine.expressions.fields import FieldExpressionError
from promotions.engine.expressions.templates import (
    DEEPEST,
    LONGEST_TEMPLATE,
    MOST_EXPRESSIONS,
    has_expressions,
    render,
    render_text,
)
from promotions.engine.expressions.values import Function

ENV: dict[str, object] = {"tag": "1.20", "n": 42, "s": "hi", "data": {"b": 1, "a": [True]}}

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=12,
)

YAML_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text("abz 019:-#'\"\n.,é&*!|>[]"),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab1: -"), inner, max_size=3)
    ),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("42", "42"),
        ("${{ n }}", 42),
        ("${{ tag }}", 1.2),
        ("${{ quote(tag) }}", "1.20"),
        ("v${{ tag }}", "v1.20"),
        ("${% n %}${{ n }}", 4242),
        ("${{ data }}", {"a": [True], "b": 1}),
        ("${{ missing }}", None),
        ("${{ 't' }}", True),
        ("${{ n }}\n", 42),
        ("${{ s }}\n", "hi\n"),
        ("", ""),
    ],
)
def test_a_template_takes_the_type_of_its_text(text: str, value: object) -> None:
    assert render_text(text, ENV) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${% '}}' %}", "}}"),
        ("${{ '%}' }}", "%}"),
        ("a ${{ s }} b ${% s %} c", "a hi b hi c"),
        ("$${{ s }}", "$hi"),
        ("${${{ s }}", "${hi"),
        ("${ s } {{ s }} %}", "${ s } {{ s }} %}"),
        ("${{}}", ""),
        ("${%%}", ""),
        ("a${{ s }}b${{}}c${{ s }}", "ahibc${{ s }}"),
        ("${{ '${%' }}", "${%"),
    ],
)
def test_the_first_closing_delimiter_of_the_same_kind_ends_an_expression(
    text: str, value: object
) -> None:
    assert render_text(text, ENV) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${{ quote('x') }}", "x"),
        ("${{ quote(true) }}", "true"),
        ("${{ quote(nil) }}", "null"),
        ("${{ quote('say \"hi\"') }}", 'say \\"hi\\"'),
        ("${{ quote('a\\tb') }}", "a\\tb"),
        ("${{ quote('\\x00') }}", "\\x00"),
        ("${{ quote('a<b') }}", "a<b"),
        ("${{ quote({'k': '<'}) }}", '{"k":"\\u003c"}'),
        ("${{ unsafeQuote('x') }}", '"x"'),
        ("${{ unsafeQuote('<') }}", '"\\u003c"'),
        ("${{ unsafeQuote(1.0) }}", "1"),
        ("${{ asJSON({'b': 1, 'a': [nil]}) }}", '{\n  "a": [\n    null\n  ],\n  "b": 1\n}\n'),
        ("${{ asJSON('&') }}", '"\\u0026"\n'),
        ("${{ asYAML(data) }}", "a:\n    - true\nb: 1\n"),
        ("${{ asYAML('yes') }}", '"yes"\n'),
    ],
)
def test_helpers_make_strings(text: str, value: str) -> None:
    assert render_text(text, ENV) == value


@pytest.mark.parametrize("helper", ["quote", "unsafeQuote", "asYAML", "asJSON"])
def test_a_helper_takes_one_argument(helper: str) -> None:
    for arguments in ("", "1, 2"):
        with pytest.raises(FieldExpressionError, match="arguments to call"):
            render_text(f"${{{{ {helper}({arguments}) }}}}", ENV)


def test_values_are_rendered_and_keys_are_not() -> None:
    assert render({"${{ n }}": ["${{ n }}", 7]}, ENV) == {"${{ n }}": [42, 7]}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${{ now() }}", "2026-05-04T03:02:01Z"),
        ("at ${{ now().Year() }}", "at 2026"),
        ("${{ now() - date('2026-05-04') > duration('3h') }}", True),
    ],
)
def test_now_is_the_time_that_the_given_clock_shows(text: str, value: object) -> None:
    env = {"now": now_function(lambda: datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC))}

    assert render_text(text, env) == value


def test_a_helper_cannot_be_shadowed() -> None:
    with pytest.raises(FieldExpressionError, match="reserved"):
        render("x", {"quote": 1})


def test_functions_can_be_called_and_are_no_variables() -> None:
    env = {"two": Function("two", lambda _: 2, 0, 0), "x": 1}

    assert render_text("${{ two() }}", env) == 2
    assert render_text("${{ $env }}", env) == {"x": 1}
    assert render_text("${{ two }}", env) is None


@pytest.mark.parametrize(
    ("value", "path", "line", "column"),
    [
        ("ab ${{ nope.x }}", "spec", 1, 13),
        ("first\n  ${{\n  nope.x }}", "spec", 3, 8),
        ({"images": [{"tag": "${{ nope.x }}"}]}, "spec.images[0].tag", 1, 10),
        ({"a b": {"c": "${{ nope.x }}"}}, 'spec["a b"].c', 1, 10),
        ("${{ s }}-${% s", "spec", 1, 10),
        ("${{ len(1, 2) }}", "spec", 1, 5),
    ],
)
def test_an_error_points_at_field_line_and_column(
    value: JSONValue, path: str, line: int, column: int
) -> None:
    with pytest.raises(FieldExpressionError) as caught:
        render(value, ENV, path="spec")

    error = caught.value
    assert (error.path, error.line, error.column) == (path, line, column)
    assert error.message.startswith(f"{path}: {error.reason} in ")
    assert error.message.endswith(f"(line {line}, column {column})")


def test_an_error_shows_the_expression_and_keeps_its_cause() -> None:
    def refuse(_arguments: object) -> object:
        raise InvalidError("no such thing")

    env = {"find": Function("find", refuse, 0, 0)}

    with pytest.raises(FieldExpressionError, match="no such thing") as caught:
        render(["ok", "a ${{ find() }} b"], env, path="config")

    assert caught.value.path == "config[1]"
    assert caught.value.expression == "${{ find() }}"
    assert isinstance(caught.value.__cause__, InvalidError)


@pytest.mark.parametrize("text", ["${{ 'inf' }}", "${{ 'nan' }}"])
def test_json_has_no_infinity(text: str) -> None:
    with pytest.raises(FieldExpressionError, match=r"config\.x: .*not a JSON number"):
        render({"x": text}, {}, path="config")


def nested(depth: int) -> JSONValue:
    value: JSONValue = "x"
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (nested(DEEPEST + 1), "nested too deeply"),
        ("${{ 1 }}" * (MOST_EXPRESSIONS + 1), "more than"),
        ("${{ 1 }}" + "x" * LONGEST_TEMPLATE, "too long"),
        ("${{ repeat('x', 900000) }}" * 10, "too long|budget"),
    ],
)
def test_what_is_too_large_is_refused(value: JSONValue, message: str) -> None:
    with pytest.raises(FieldExpressionError, match=message):
        render(value, {})


@pytest.mark.parametrize(
    "text",
    [
        "{" * 1_000_000,
        "${" * 400_000,
        "${{" * 300_000,
        "${%" * 300_000,
        "${{}}" * 190_000,
        "${{" + "{" * 900_000 + "}}",
        "${{" + "(" * 900_000 + "}}",
        "${{ 1 }}" * 120_000,
        "$" * 900_000 + "${{ 1 }}",
        "${{ '" + "\\" * 900_000,
        "${{ 1 }}" + "[" * 900_000,
        "${{ 1 }}" + "9" * 900_000,
        "${{ 1 }}" + "_1" * 400_000,
        '"${{ 1 }}' + '\\"' * 400_000,
    ],
)
def test_a_hostile_template_ends_quickly(text: str) -> None:
    began = time.process_time()
    with suppress(FieldExpressionError):
        render_text(text, {})
    assert time.process_time() - began < 3


@given(st.text(st.sampled_from("${}%'\"\\ a1.(),[]\n\x00é"), max_size=40))
def test_any_text_gives_a_value_or_our_error(text: str) -> None:
    with suppress(FieldExpressionError):
        render_text(text, ENV)


@given(st.text())
def test_text_without_delimiters_is_itself(text: str) -> None:
    if not has_expressions(text):
        assert render_text(text, {}) == text


@given(st.text(st.characters(categories=("L", "N", "P", "S"), exclude_characters='"\\')))
def test_quote_keeps_text_that_needs_no_escape(text: str) -> None:
    assert render_text("${{ quote(x) }}", {"x": text}) == text


@given(st.text(st.characters(codec="utf-8")))
def test_quote_always_gives_a_string(text: str) -> None:
    assert isinstance(render_text("${{ quote(x) }}", {"x": text}), str)


@given(JSON_VALUES)
def test_as_json_reads_back(value: JSONValue) -> None:
    text = render_text("${{ asJSON(x) }}", {"x": value})

    assert isinstance(text, str)
    assert json.loads(text, parse_int=float) == value


@given(YAML_VALUES)
def test_as_yaml_reads_back(value: JSONValue) -> None:
    text = render_text("${{ asYAML(x) }}", {"x": value})

    assert isinstance(text, str)
    assert yaml.safe_load(text) == value
