"""Evaluates the expressions ``${{ … }}`` and ``${% … %}`` in strings and in JSON.

Source: Kargo ``pkg/expressions``.
"""

import math
from collections.abc import Iterator, Mapping, Sequence

from common.jsontypes import JSONValue
from promotions.engine.expressions.coercion import coerce
from promotions.engine.expressions.errors import ExpressionError, OperandError
from promotions.engine.expressions.gojson import to_json, write_json
from promotions.engine.expressions.goyaml import write_yaml
from promotions.engine.expressions.language import compile_expression
from promotions.engine.expressions.values import Function

RESERVED = frozenset({"quote", "asYAML", "asJSON"})
DEEPEST = 100
LONGEST_OUTPUT = 8_000_000

_DELIMITERS = {"${{": "}}", "${%": "%}"}
_OPENING_LENGTH = 3


def render(value: JSONValue, env: Mapping[str, object]) -> JSONValue:
    """Return ``value`` with the expressions in its strings evaluated; keys are left alone.

    A string without expressions stays a string; one with them takes the type of its result.

    Args:
        value: Any JSON.
        env: What expressions see: JSON-like values, records and functions, by name.

    Raises:
        ExpressionError: An expression is malformed or fails, a name in ``env`` is reserved, or a
            number comes out that JSON cannot hold.
    """
    return _render(value, _with_helpers(env), 0)


def render_text(text: str, env: Mapping[str, object]) -> JSONValue:
    """Return what one string comes to; unlike :func:`render` it lets NaN and infinity through.

    Raises:
        ExpressionError: As :func:`render`.
    """
    return _render_text(text, _with_helpers(env))


def has_expressions(text: str) -> bool:
    """Return whether the text holds an opening delimiter."""
    return any(opening in text for opening in _DELIMITERS)


def _render(value: JSONValue, env: Mapping[str, object], depth: int) -> JSONValue:
    if depth > DEEPEST:
        raise ExpressionError("the value is nested too deeply")
    if isinstance(value, str):
        result = _render_text(value, env)
        if isinstance(result, float) and not math.isfinite(result):
            raise ExpressionError(f"{result} is not a JSON number; use quote() for text")
        return result
    if isinstance(value, Mapping):
        return {key: _render(item, env, depth + 1) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_render(item, env, depth + 1) for item in value]
    return value


def _render_text(text: str, env: Mapping[str, object]) -> JSONValue:
    if not has_expressions(text):
        return text
    rendered = "".join(_pieces(text, env))
    if len(rendered) > LONGEST_OUTPUT:
        raise ExpressionError("the result is too long")
    return coerce(rendered)


def _pieces(text: str, env: Mapping[str, object]) -> Iterator[str]:
    """Yield the text around expressions as it is, and the result of each as text."""
    position = 0
    while (start := _next_opening(text, position)) >= 0:
        yield text[position:start]
        closing = _DELIMITERS[text[start : start + _OPENING_LENGTH]]
        end = text.find(closing, start + _OPENING_LENGTH)
        if end < 0:
            raise ExpressionError(f'unclosed expression: expected "{closing}" before the end')
        yield _result(text[start + _OPENING_LENGTH : end], env)
        position = end + len(closing)
    yield text[position:]


def _next_opening(text: str, position: int) -> int:
    return min(
        (at for opening in _DELIMITERS if (at := text.find(opening, position)) >= 0), default=-1
    )


def _result(expression: str, env: Mapping[str, object]) -> str:
    if not expression:
        return ""
    value = compile_expression(expression).evaluate(env)
    try:
        return value if isinstance(value, str) else write_json(value)
    except OperandError as error:
        raise ExpressionError(str(error)) from error


def _with_helpers(env: Mapping[str, object]) -> dict[str, object]:
    for name in RESERVED & env.keys():
        raise ExpressionError(f'"{name}" is reserved and cannot name a value')
    return {**env, **_HELPERS}


def _quote(arguments: Sequence[object]) -> object:
    text = write_json(arguments[0], escape_html=False)
    return text if isinstance(arguments[0], str) else f'"{text}"'


def _unsafe_quote(arguments: Sequence[object]) -> object:
    return f'"{write_json(arguments[0], escape_html=False)}"'


def _as_json(arguments: Sequence[object]) -> object:
    return f'"{write_json(arguments[0], indent="  ")}\n"'


def _as_yaml(arguments: Sequence[object]) -> object:
    return f'"{write_yaml(to_json(arguments[0]))}"'


_HELPERS: dict[str, Function] = {
    "quote": Function("quote", _quote, 1, 1),
    "unsafeQuote": Function("unsafeQuote", _unsafe_quote, 1, 1),
    "asYAML": Function("asYAML", _as_yaml, 1, 1),
    "asJSON": Function("asJSON", _as_json, 1, 1),
}
