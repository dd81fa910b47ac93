"""Fills in the ``url`` of a link: the part of Go's text/template that links are written in.

Fields, literals, parentheses, pipelines, trim markers, comments and a few functions are known;
``if``, ``range``, variables and the rest are refused by name.
Source: Go ``text/template``; Kargo ``pkg/deeplinks``; https://masterminds.github.io/sprig.
"""

import base64
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from urllib.parse import quote_plus

from common.errors import InvalidError
from common.jsontypes import JSONObject
from promotions.engine.expressions.errors import ExpressionError, OperandError
from promotions.engine.expressions.fields import located
from promotions.engine.expressions.values import format_value, type_name
from promotions.engine.goquote import go_quote

LONGEST_URL_TEMPLATE = 10_000
DEEPEST = 20

_OPENING, _CLOSING = "{{", "}}"
_SPACES = " \t\r\n"
_TOKEN = re.compile(
    r"""\s*(?:(?P<field>(?:\.[A-Za-z_]\w*)+|\.)|(?P<text>"(?:[^"\\\n]|\\.)*"|`[^`]*`)"""
    r"""|(?P<number>-?[0-9]+)|(?P<name>[A-Za-z_]\w*)|(?P<sign>[()|]))"""
)
_ESCAPES = re.compile(r"\\(.)")
_SPECIAL_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_MISSING = "<no value>"


def link_url(template: str, *, kind: str, manifest: JSONObject, path: str) -> str:
    """Return the URL for an object.

    Args:
        template: The link's ``url``.
        kind: ``stage`` or ``freight``, under which the object is found.
        manifest: The object.
        path: Where the template stands, such as ``spec.stageLinks[0].url``.

    Raises:
        FieldExpressionError: It is malformed, fails, or uses what is not known here.
    """
    try:
        if len(template) > LONGEST_URL_TEMPLATE:
            raise ExpressionError("the template is too long")
        return "".join(_pieces(template, {kind: manifest}))
    except InvalidError as error:
        raise located(error, expression=template).under(path) from error


def _pieces(template: str, root: JSONObject) -> Iterator[str]:
    position, trims = 0, False
    while (start := template.find(_OPENING, position)) >= 0:
        end = template.find(_CLOSING, start)
        if end < 0:
            raise ExpressionError.at(start, template, "unclosed action: expected }} before the end")
        text, action = template[position:start], template[start + len(_OPENING) : end]
        text = text.lstrip(_SPACES) if trims else text
        yield text.rstrip(_SPACES) if action.startswith("- ") else text
        trims = action.endswith(" -")
        position = end + len(_CLOSING)
        action = action.removeprefix("- ").removesuffix(" -").strip(_SPACES)
        if not (action.startswith("/*") and action.endswith("*/")):
            yield _evaluated(action, root, template, start)
    rest = template[position:]
    yield rest.lstrip(_SPACES) if trims else rest


def _evaluated(action: str, root: JSONObject, template: str, start: int) -> str:
    try:
        value = _Action(action, root).evaluate()
    except OperandError as error:
        raise ExpressionError.at(start, template, str(error)) from error
    return _MISSING if value is None else format_value(value)


class _Action:
    """What stands between two delimiters."""

    def __init__(self, text: str, root: JSONObject) -> None:
        self.root = root
        self.tokens = list(_tokens(text))
        self.position = 0

    def evaluate(self) -> object:
        value = self._pipeline(0)
        if self.position < len(self.tokens):
            raise OperandError(f'unexpected "{self.tokens[self.position][1]}"')
        return value

    def _pipeline(self, depth: int) -> object:
        if depth > DEEPEST:
            raise OperandError("parentheses are nested too deeply")
        value = self._command(depth, [])
        while self._next("sign", "|"):
            value = self._command(depth, [value])
        return value

    def _command(self, depth: int, piped: list[object]) -> object:
        if self.position < len(self.tokens) and self.tokens[self.position][0] == "name":
            name = self.tokens[self.position][1]
            self.position += 1
            return _call(name, [*self._operands(depth), *piped])
        operands = self._operands(depth)
        if len(operands) != 1 or piped:
            raise OperandError("expected one value, or a function and its arguments")
        return operands[0]

    def _operands(self, depth: int) -> list[object]:
        operands: list[object] = []
        while self.position < len(self.tokens):
            kind, text = self.tokens[self.position]
            if kind == "sign" and text != "(":
                break
            self.position += 1
            operands.append(self._operand(kind, text, depth))
        return operands

    def _operand(self, kind: str, text: str, depth: int) -> object:
        if kind != "sign":
            return _READERS[kind](self.root, text)
        value = self._pipeline(depth + 1)
        if not self._next("sign", ")"):
            raise OperandError("unclosed parenthesis")
        if self.position < len(self.tokens) and self.tokens[self.position][0] == "field":
            self.position += 1
            return _field(value, self.tokens[self.position - 1][1])
        return value

    def _next(self, kind: str, text: str) -> bool:
        found = self.tokens[self.position : self.position + 1] == [(kind, text)]
        self.position += found
        return found


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None or found.lastgroup is None:
            raise OperandError(f'unexpected "{text[position : position + 10]}"')
        yield found.lastgroup, found[found.lastgroup]
        position = found.end()


def _literal(text: str) -> str:
    if text.startswith("`"):
        return text[1:-1]
    return _ESCAPES.sub(lambda found: _SPECIAL_ESCAPES.get(found[1], found[1]), text[1:-1])


def _field(value: object, chain: str) -> object:
    for name in chain.split(".")[1:]:
        if not name:
            return value
        if value is None:
            raise OperandError(f"nil has no field {name}")
        if not isinstance(value, Mapping):
            raise OperandError(f"{type_name(value)} has no field {name}")
        value = value.get(name)
    return value


def _call(name: str, arguments: Sequence[object]) -> object:
    function = _FUNCTIONS.get(name)
    if function is None:
        known = ", ".join(sorted(_FUNCTIONS))
        raise OperandError(f'"{name}" is not known in links; use one of {known}')
    try:
        return function(*arguments)
    except (TypeError, ValueError) as error:
        raise OperandError(f"{name} cannot be called with these arguments") from error


def _index(collection: object, *keys: object) -> object:
    for key in keys:
        if isinstance(collection, Mapping) and isinstance(key, str):
            collection = collection.get(key)
        elif isinstance(collection, list) and isinstance(key, int):
            if not 0 <= key < len(collection):
                raise OperandError(f"index out of range: {key}")
            collection = collection[key]
        else:
            raise OperandError(f"cannot index {type_name(collection)} with {type_name(key)}")
    return collection


def _length(value: object) -> int:
    if not isinstance(value, (str, list, Mapping)):
        raise OperandError(f"len of {type_name(value)}")
    return len(value.encode()) if isinstance(value, str) else len(value)


_FUNCTIONS: Mapping[str, Callable[..., object]] = {  # type: ignore[explicit-any]  # one signature per function
    "b64enc": lambda text: base64.b64encode(format_value(text).encode()).decode(),
    "default": lambda fallback, value=None: value or fallback,
    "index": _index,
    "len": _length,
    "lower": lambda text: format_value(text).lower(),
    "print": lambda *values: "".join(map(format_value, values)),
    "quote": lambda text: go_quote(format_value(text)),
    "replace": lambda old, new, text: format_value(text).replace(old, new),
    "trim": lambda text: format_value(text).strip(),
    "trimPrefix": lambda prefix, text: format_value(text).removeprefix(prefix),
    "trimSuffix": lambda suffix, text: format_value(text).removesuffix(suffix),
    "trunc": lambda size, text: (
        format_value(text)[:size] if size >= 0 else format_value(text)[size:]
    ),
    "upper": lambda text: format_value(text).upper(),
    "urlquery": lambda *values: quote_plus("".join(map(format_value, values))),
}

_READERS: Mapping[str, Callable[[JSONObject, str], object]] = {
    "field": _field,
    "text": lambda _, text: _literal(text),
    "number": lambda _, text: int(text),
    "name": lambda _, name: _call(name, []),
}
