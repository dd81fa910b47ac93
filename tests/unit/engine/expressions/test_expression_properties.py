"""Properties that hold for any expression and any environment."""

import math
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings, strategies as st

from common.errors import PlatformError
from promotions.engine.expressions.builtins.registry import BUILTINS
from promotions.engine.expressions.errors import ExpressionError
from promotions.engine.expressions.language import Expression, compile_expression, compile_typed
from promotions.engine.expressions.lexer import TokenKind, tokenise
from promotions.engine.expressions.parser import PREDICATE_ARGUMENTS
from promotions.engine.expressions.values import Function, TypedArray

_NAMES = ("a", "b", "n", "s", "xs", "m", "f", "nothing", "$env", "#", "#index", "#acc")
_SYMBOLS = (
    *("+", "-", "*", "/", "%", "**", "^", "==", "!=", "<", ">", "<=", ">=", "and", "or", "not"),
    *("&&", "||", "!", "in", "not in", "matches", "contains", "startsWith", "endsWith", "..", "??"),
    *("|", "?", ":", "?.", ".", ",", ";", "(", ")", "[", "]", "{", "}", "let", "=", "if", "else"),
)
_LITERALS = ("nil", "true", "0", "1", "-1", "2.5", "1e308", "0xFF", "'a'", '""', "`é`", "b'z'")
_TOKENS = st.sampled_from(
    (*_NAMES, *_SYMBOLS, *_LITERALS, *BUILTINS, *PREDICATE_ARGUMENTS, "::", "#", "duration('1s')")
)
_OPERATORS = st.sampled_from(
    (
        *("+", "-", "*", "/", "%", "**", "==", "!=", "<", ">=", "and", "or", "in", "not in"),
        *("matches", "contains", "startsWith", "..", "??"),
    )
)
_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(max_size=8),
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)
_ENVIRONMENTS = st.dictionaries(st.sampled_from(("a", "b", "n", "s", "xs", "m")), _VALUES)


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return expressions that are made of smaller ones."""
    builtins = st.sampled_from(sorted(BUILTINS))
    predicates = st.sampled_from(sorted(PREDICATE_ARGUMENTS))
    return st.one_of(
        st.builds("({} {} {})".format, inner, _OPERATORS, inner),
        st.builds("{}({})".format, builtins, inner),
        st.builds("{}({}, {})".format, builtins, inner, inner),
        st.builds("{}({}, {})".format, predicates, inner, inner),
        st.builds("({} ? {} : {})".format, inner, inner, inner),
        st.builds("({})?.[{}]".format, inner, inner),
        st.builds("({})[{}:{}]".format, inner, inner, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("{{a: {}, ('b'): {}}}".format, inner, inner),
        st.builds("(let v = {}; [v, {}])".format, inner, inner),
        st.builds("-({})".format, inner),
    )


_EXPRESSIONS = st.recursive(st.sampled_from((*_LITERALS, *_NAMES[:9])), _grown, max_leaves=12)


def _attempt(text: str, environment: dict[str, object]) -> None:
    """Compile and evaluate in each mode; nothing but our own errors may come out."""
    for compiled in (compile_expression, lambda it: compile_typed(it, environment)):
        error = _error_of(compiled, text, environment)
        assert error is None or isinstance(error, ExpressionError)
        assert error is None or (error.column >= 1 and error.snippet)


def _error_of(
    compiled: Callable[[str], Expression], text: str, environment: dict[str, object]
) -> PlatformError | None:
    try:
        compiled(text).evaluate(environment)
    except PlatformError as error:
        return error
    return None


@given(st.text(max_size=60), _ENVIRONMENTS)
@example("\ud800", {})
@example("'\udc80' + '\udcff'", {})
def test_any_text_has_a_value_or_our_error(text: str, environment: dict[str, object]) -> None:
    _attempt(text, environment)


@given(st.lists(_TOKENS, max_size=12).map(" ".join), _ENVIRONMENTS)
def test_any_tokens_have_a_value_or_our_error(text: str, environment: dict[str, object]) -> None:
    _attempt(text, environment)


@settings(max_examples=150)
@given(_EXPRESSIONS, _ENVIRONMENTS)
def test_any_expression_has_a_value_or_our_error(text: str, environment: dict[str, object]) -> None:
    functions: dict[str, object] = {
        "f": Function("f", list, 0, None),
        "xs": TypedArray([1.5, 2.0], "float64"),
    }

    _attempt(text, functions | environment)


@settings(max_examples=60)
@given(_EXPRESSIONS, _ENVIRONMENTS)
def test_an_expression_has_the_same_value_every_time(
    text: str, environment: dict[str, object]
) -> None:
    try:
        expression = compile_expression(text)
        first = expression.evaluate(environment)
    except ExpressionError:
        return

    assert repr(expression.evaluate(environment)) == repr(first)


@given(st.lists(_TOKENS, max_size=12).map(" ".join) | st.text(max_size=40))
def test_the_lexer_loses_no_text(text: str) -> None:
    try:
        tokens = tokenise(text)
    except ExpressionError:
        return

    assert tokens[-1].kind is TokenKind.END
    assert all(text.startswith(token.text, token.offset) for token in tokens)
    position = 0
    for token in tokens:
        skipped = text[position : token.offset].strip()
        assert not skipped or skipped.startswith(("//", "/*"))
        position = token.offset + len(token.text)


@given(st.integers(0, 2**63 - 1))
def test_an_integer_is_read_as_it_is_printed(number: int) -> None:
    for text in (f"{number}", f"{number:_}", f"{number:#x}", f"{number:#o}", f"{number:#b}"):
        assert compile_expression(text).evaluate({}) == number


@given(st.floats(min_value=0, allow_infinity=False))
def test_a_float_is_read_as_it_is_printed(number: float) -> None:
    value = compile_expression(repr(number)).evaluate({})

    assert value == number
    assert type(value) is float
    assert compile_expression("float(string(n))").evaluate({"n": number}) == number


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_text_is_read_as_it_is_quoted(text: str) -> None:
    raw = text.replace("`", "``")
    escaped = "".join(f"\\U{ord(char):08x}" for char in text)

    assert compile_expression(f"`{raw}`").evaluate({}) == text
    assert compile_expression(f"'{escaped}'").evaluate({}) == text
    assert compile_expression("fromJSON(toJSON(s))").evaluate({"s": text}) == text
    assert compile_expression("fromBase64(toBase64(s))").evaluate({"s": text}) == text


@given(st.binary(max_size=20), st.integers(0, 20))
def test_bytes_survive_being_cut_and_joined(raw: bytes, place: int) -> None:
    environment = {"s": raw.decode(errors="surrogateescape"), "n": place}

    assert compile_expression("s[:n] + s[n:]").evaluate(environment) == environment["s"]


@given(st.lists(st.integers() | st.floats(allow_nan=False) | st.booleans() | st.text(max_size=2)))
def test_groups_hold_every_element_once(items: list[object]) -> None:
    groups = compile_expression("values(groupBy(xs, #))").evaluate({"xs": items})

    assert isinstance(groups, list)
    assert sum(len(group) for group in groups) == len(items)
    assert all(type(one) is type(group[0]) for group in groups for one in group)


@pytest.mark.parametrize("number", [0.1, 1e21, 1e-7, 123456789.0, 2.0**60, -0.0])
def test_a_number_keeps_its_value_through_json(number: float) -> None:
    value = compile_expression("fromJSON(toJSON(n))").evaluate({"n": number})

    assert isinstance(value, float)
    assert math.copysign(1, value) == math.copysign(1, number)
    assert value == number
