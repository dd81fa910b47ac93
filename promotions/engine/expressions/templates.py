"""Evaluates the expressions ``${{ … }}`` and ``${% … %}`` in strings and in JSON.

Source: Kargo ``pkg/expressions`` EvaluateTemplate and EvaluateJSONTemplate.
"""

import math
from collections.abc import Iterator, Mapping, Sequence

from common.errors import PlatformError
from common.jsontypes import JSONValue
from promotions.engine.expressions.coercion import coerce
from promotions.engine.expressions.environment import Environment
from promotions.engine.expressions.errors import ExpressionError, OperandError
from promotions.engine.expressions.fields import FieldExpressionError, key_path, located
from promotions.engine.expressions.gojson import write_json
from promotions.engine.expressions.goyaml import write_yaml
from promotions.engine.expressions.values import Function, format_float
from promotions.engine.goquote import go_quote

RESERVED = frozenset({"quote", "asYAML", "asJSON"})
DEEPEST = 100
LONGEST_TEMPLATE = 1_000_000
MOST_EXPRESSIONS = 1_000
LONGEST_OUTPUT = 8_000_000

_OPENING = "${"
_CLOSINGS = {"{": "}}", "%": "%}"}
_OPENING_LENGTH = 3


def render(value: JSONValue, env: Mapping[str, object], *, path: str = "") -> JSONValue:
    """Return ``value`` with the expressions in its strings evaluated; keys are left alone.

    A string without expressions stays a string; one with them takes the type of its result.

    Args:
        value: Any JSON.
        env: What expressions see: JSON-like values, records and functions, by name.
        path: Where in the manifest the value stands, for errors.

    Raises:
        FieldExpressionError: An expression is malformed or fails, a name in ``env`` is reserved, a
            number comes out that JSON cannot hold, or the value is too large or nested too deeply.
    """
    for name in RESERVED & env.keys():
        raise FieldExpressionError(f'"{name}" is reserved and cannot name a value', path=path)
    return _render(value, _with_helpers(env), path, 0)


def render_text(text: str, env: Mapping[str, object], *, path: str = "") -> JSONValue:
    """Return what one string comes to; unlike :func:`render` it lets NaN and infinity through.

    Raises:
        FieldExpressionError: An expression is malformed or fails, or the text is too long.
    """
    return _render_text(text, _with_helpers(env), path)


def has_expressions(text: str) -> bool:
    """Return whether the text holds an opening delimiter."""
    return _next_opening(text, 0) >= 0


def _render(value: JSONValue, env: Environment, path: str, depth: int) -> JSONValue:
    if depth > DEEPEST:
        raise FieldExpressionError("the value is nested too deeply", path=path)
    if isinstance(value, str):
        return _json_number(_render_text(value, env, path), path)
    if isinstance(value, Mapping):
        return {
            key: _render(item, env, key_path(path, key), depth + 1) for key, item in value.items()
        }
    if isinstance(value, Sequence):
        return [
            _render(item, env, f"{path}[{index}]", depth + 1) for index, item in enumerate(value)
        ]
    return _json_number(value, path)


def _json_number(value: JSONValue, path: str) -> JSONValue:
    if isinstance(value, float) and not math.isfinite(value):
        shown = format_float(value)
        raise FieldExpressionError(f"{shown} is not a JSON number; use quote() for text", path=path)
    return value


def _render_text(text: str, env: Environment, path: str) -> JSONValue:
    if not has_expressions(text):
        return text
    if len(text) > LONGEST_TEMPLATE:
        raise FieldExpressionError("the template is too long", path=path)
    try:
        return coerce(_evaluated(text, env))
    except FieldExpressionError as error:
        raise error.under(path) from error.__cause__


def _evaluated(text: str, env: Environment) -> str:
    pieces: list[str] = []
    length = 0
    for piece in _pieces(text, env):
        length += len(piece)
        if length > LONGEST_OUTPUT:
            raise FieldExpressionError("the result is too long")
        pieces.append(piece)
    return "".join(pieces)


def _pieces(text: str, env: Environment) -> Iterator[str]:
    """Yield the text around expressions as it is, and the result of each as text.

    What follows an empty expression is left alone, expressions too, as in the reference.
    """
    position, count = 0, 0
    while (start := _next_opening(text, position)) >= 0:
        count += 1
        if count > MOST_EXPRESSIONS:
            raise FieldExpressionError(f"there are more than {MOST_EXPRESSIONS} expressions")
        yield text[position:start]
        inside = start + _OPENING_LENGTH
        end = _closing(text, start)
        position = end + len(_CLOSINGS[text[inside - 1]])
        if end == inside:
            break
        yield _result(text, inside, end, env)
    yield text[position:]


def _next_opening(text: str, position: int) -> int:
    """Return where the next ``${{`` or ``${%`` begins, or -1."""
    start = text.find(_OPENING, position)
    while start >= 0 and text[start + len(_OPENING) : start + _OPENING_LENGTH] not in _CLOSINGS:
        start = text.find(_OPENING, start + 1)
    return start


def _closing(text: str, start: int) -> int:
    """Return where the delimiter begins that ends the expression opened at ``start``."""
    closing = _CLOSINGS[text[start + _OPENING_LENGTH - 1]]
    end = text.find(closing, start + _OPENING_LENGTH)
    if end < 0:
        unclosed = ExpressionError(f"unclosed expression: expected {closing} before the end")
        raise located(unclosed, expression=text[start:], before=text[:start])
    return end


def _result(text: str, start: int, end: int, env: Environment) -> str:
    try:
        value = env.compile(text[start:end]).evaluate(env)
        return value if isinstance(value, str) else write_json(value)
    except (PlatformError, OperandError) as error:
        opening = start - _OPENING_LENGTH
        cause = error if isinstance(error, PlatformError) else ExpressionError(str(error))
        shown = text[opening : end + len(_CLOSINGS[text[start - 1]])]
        raise located(cause, expression=shown, before=text[:start]) from error


def _with_helpers(env: Mapping[str, object]) -> Environment:
    return Environment.of(env).with_functions(_HELPERS)


def _quote(arguments: Sequence[object]) -> object:
    value = arguments[0]
    return go_quote(value) if isinstance(value, str) else _unsafe_quote(arguments)


def _unsafe_quote(arguments: Sequence[object]) -> object:
    return f'"{write_json(arguments[0])}"'


def _as_json(arguments: Sequence[object]) -> object:
    return f'"{write_json(arguments[0], indent="  ")}\n"'


def _as_yaml(arguments: Sequence[object]) -> object:
    return f'"{write_yaml(arguments[0])}"'


_HELPERS: Mapping[str, Function] = {
    "quote": Function("quote", _quote, 1, 1, result="string"),
    "unsafeQuote": Function("unsafeQuote", _unsafe_quote, 1, 1, result="string"),
    "asYAML": Function("asYAML", _as_yaml, 1, 1, result="string"),
    "asJSON": Function("asJSON", _as_json, 1, 1, result="string"),
}
