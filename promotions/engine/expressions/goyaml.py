"""Writes YAML exactly as go.yaml.in/yaml/v3 does: sorted keys, block style, indented by four.

Records are Go structs: they appear under their field names in lower case.
Source: https://github.com/yaml/go-yaml v3 ``encode.go``, ``emitterc.go`` and ``sorter.go``.
"""

import base64
from collections.abc import Iterator, Mapping, Sequence
from functools import cmp_to_key

from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.gojson import to_json
from promotions.engine.expressions.gotime.durations import Duration
from promotions.engine.expressions.gotime.int64 import wrap
from promotions.engine.expressions.gotime.zones import Location
from promotions.engine.expressions.goyaml_scalars import (
    BREAKS,
    Style,
    choose_style,
    escaped,
    style_of_string,
)
from promotions.engine.expressions.values import (
    Record,
    format_float,
    map_items,
    raw_bytes,
    type_name,
)

DEEPEST = 100
LONGEST_OUTPUT = 8_000_000

_INDENT = 4
_ITEM_INDENT = 2
_ROOT = -1
_LONGEST_SIMPLE_KEY = 128
_BASE64_LINE = 70
_FLOATS = {"+Inf": ".inf", "-Inf": "-.inf", "NaN": ".nan"}
_KINDS = {
    "bool": 1,
    "int": 2,
    "time.Month": 2,
    "time.Weekday": 2,
    "int64": 6,
    "time.Duration": 6,
    "uint8": 8,
    "uint64": 11,
    "float64": 14,
    "<nil>": 20,
    "string": 24,
}


def write_yaml(value: object) -> str:
    """Return the value as YAML text that ends with a newline.

    Raises:
        OperandError: It holds something YAML cannot, such as a function, or is too deep or long.
    """
    emitter = _Emitter()
    emitter.node(value, parent=_ROOT, depth=0)
    emitter.write_indent(0)
    return "".join(emitter.parts)


class _Emitter:
    """Writes piece by piece; where a line may break depends on what stands on it already.

    Attributes:
        column: Characters on the line so far.
        is_blank: What was written last counts as white space.
        is_indented: Nothing but indentation and dashes is on the line.
    """

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.length = 0
        self.column = 0
        self.is_blank = True
        self.is_indented = True

    def node(self, value: object, *, parent: int, depth: int, is_item: bool = False) -> None:
        """Write any value in a collection whose lines stand at ``parent``."""
        if depth > DEEPEST:
            raise OperandError("the value is nested too deeply")
        value = _struct(value)
        indent = parent + _ITEM_INDENT if is_item else _INDENT * ((parent + _INDENT) // _INDENT)
        if isinstance(value, Mapping):
            self._mapping(value, indent, depth + 1)
        elif isinstance(value, (list, tuple, bytes)):
            self._sequence(value, indent, depth + 1)
        else:
            indent = _INDENT if parent == _ROOT else indent
            self._scalar(value, indent, hint=indent - max(parent, 0))

    def write_indent(self, indent: int) -> None:
        """Begin a new line at ``indent``, unless that is where we are."""
        is_beyond = self.column > indent or (self.column == indent and not self.is_blank)
        if not self.is_indented or is_beyond:
            self._break("\n")
        self._put(" " * (indent - self.column))
        self.is_blank = True

    def _put(self, text: str) -> None:
        self.parts.append(text)
        self.column += len(text)
        self.length += len(text)
        if self.length > LONGEST_OUTPUT:
            raise OperandError("the YAML is too long")

    def _break(self, text: str) -> None:
        self._put(text)
        self.column = 0
        self.is_indented = True

    def _indicator(self, text: str, *, is_spaced: bool = True, keeps_indent: bool = False) -> None:
        if is_spaced and not self.is_blank:
            self._put(" ")
        self._put(text)
        self.is_blank = False
        self.is_indented = self.is_indented and keeps_indent

    def _mapping(self, mapping: Mapping[object, object], indent: int, depth: int) -> None:
        if not mapping:
            self._indicator("{}")
            return
        for key, value in _entries(mapping):
            self.write_indent(indent)
            if _is_simple_key(key):
                self._scalar(key, indent, is_key=True)
                self._indicator(":", is_spaced=False)
            else:
                self._indicator("?", keeps_indent=True)
                self.node(key, parent=indent, depth=depth)
                self.write_indent(indent)
                self._indicator(":", keeps_indent=True)
            self.node(value, parent=indent, depth=depth)

    def _sequence(self, items: Sequence[object], indent: int, depth: int) -> None:
        if not items:
            self._indicator("[]")
        for item in items:
            self.write_indent(indent)
            self._indicator("-", keeps_indent=True)
            self.node(item, parent=indent, depth=depth, is_item=True)

    def _scalar(
        self, value: object, indent: int, *, hint: int = _INDENT, is_key: bool = False
    ) -> None:
        if not isinstance(value, str):
            self._indicator(_text_of(value))
            return
        style = style_of_string(value)
        if not _is_utf8(value):
            self._indicator("!!binary")
            value = _base64_lines(value)
            style = Style.LITERAL if "\n" in value else Style.PLAIN
        match choose_style(style, value, is_key=is_key):
            case Style.PLAIN:
                self._indicator(value)
            case Style.SINGLE_QUOTED:
                self._single_quoted(value, indent)
            case Style.DOUBLE_QUOTED:
                self._indicator(f'"{escaped(value)}"')
            case Style.LITERAL:
                self._literal(value, indent, hint)

    def _single_quoted(self, text: str, indent: int) -> None:
        self._indicator("'")
        self._lines(text.replace("'", "''"), indent, is_broken=False)
        self._indicator("'", is_spaced=False)

    def _literal(self, text: str, indent: int, hint: int) -> None:
        # The reference always gives 4 as the hint, so that in a sequence nobody can read it.
        needs_hint = text[0] == " " or text[0] in BREAKS
        self._indicator(f"|{hint if needs_hint else ''}{_chomping(text)}")
        self._break("\n")
        self.is_blank = True
        self._lines(text, indent, is_broken=True)

    def _lines(self, text: str, indent: int, *, is_broken: bool) -> None:
        """Write text as it is, every line after a break at ``indent``."""
        for piece in _pieces(text):
            if piece in BREAKS:
                self._break(piece)
                is_broken = True
                continue
            if is_broken:
                self.write_indent(indent)
            self._put(piece)
            self.is_indented = is_broken = False


class _Struct(dict[object, object]):
    """The fields of a Go struct, in the order of their declaration."""


def _entries(mapping: Mapping[object, object]) -> list[tuple[object, object]]:
    if isinstance(mapping, _Struct):
        return list(mapping.items())
    return sorted(map_items(mapping), key=lambda entry: _KEY_ORDER(entry[0]))


def _struct(value: object) -> object:
    if isinstance(value, Record):
        if not value.fields:
            return value.text
        return _Struct({name.lower(): it for name, it in value.fields.items()})
    return _Struct() if isinstance(value, Location) else value


def _text_of(value: object) -> str:
    match value:
        case None:
            text = "null"
        case bool():
            text = "true" if value else "false"
        case int():
            text = str(int(value))
        case float():
            text = _FLOATS.get(format_float(value), format_float(value))
        case Duration():
            text = str(value)
        case _ if type_name(value) == "time.Time":
            text = str(to_json(value))
        case _:
            raise OperandError(f"cannot marshal type: {type_name(value)}")
    return text


def _is_simple_key(key: object) -> bool:
    if not isinstance(key, str):
        return True
    text = key if _is_utf8(key) else _base64_lines(key)
    return BREAKS.isdisjoint(text) and len(text.encode(errors="replace")) <= _LONGEST_SIMPLE_KEY


def _pieces(text: str) -> Iterator[str]:
    """Yield the text cut at line breaks, each of which is a piece of its own."""
    start = 0
    for at, character in enumerate(text):
        if character in BREAKS:
            if start < at:
                yield text[start:at]
            yield character
            start = at + 1
    if start < len(text):
        yield text[start:]


def _chomping(text: str) -> str:
    """Return ``-`` if a literal must not end with a newline, ``+`` if it ends with several."""
    if text[-1] not in BREAKS:
        return "-"
    return "+" if len(text) == 1 or text[-2] in BREAKS else ""


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _base64_lines(text: str) -> str:
    encoded = base64.b64encode(raw_bytes(text)).decode()
    if len(encoded) < _BASE64_LINE:
        return encoded
    cuts = range(0, len(encoded), _BASE64_LINE)
    return "".join(f"{encoded[at : at + _BASE64_LINE]}\n" for at in cuts)


def _compare_keys(left: object, right: object) -> int:
    """Order keys as people do: ``a2`` before ``a10``, letters after other characters."""
    one, other = (it.ns if isinstance(it, Duration) else it for it in (left, right))
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return _order(one, other) or _order(_kind(left), _kind(right))
    if isinstance(left, str) and isinstance(right, str):
        return _compare_texts(left, right)
    return _order(_kind(left), _kind(right))


def _compare_texts(left: str, right: str) -> int:
    is_in_number = False
    for at, (one, other) in enumerate(zip(left, right, strict=False)):
        if one == other:
            is_in_number = one.isdecimal()
        elif one.isalpha() and other.isalpha():
            return _order(ord(one), ord(other))
        elif one.isalpha() or other.isalpha():
            return -1 if (one if is_in_number else other).isalpha() else 1
        else:
            return _compare_numbers(left, right, at)
    return _order(len(left), len(right))


def _compare_numbers(left: str, right: str, at: int) -> int:
    """Compare what differs at ``at``: by the numbers that begin there, if any do."""
    lead = 1 if "0" in (left[at], right[at]) and _is_after_digit(left, at) else 0
    number, end = _number_at(left, at, lead)
    other, other_end = _number_at(right, at, lead)
    return _order(number, other) or _order(end, other_end) or _order(ord(left[at]), ord(right[at]))


def _is_after_digit(text: str, at: int) -> bool:
    """Return whether a digit other than zero stands in the run of digits before ``at``."""
    before = at - 1
    while before >= 0 and text[before] == "0":
        before -= 1
    return before >= 0 and text[before].isdecimal()


def _number_at(text: str, at: int, number: int) -> tuple[int, int]:
    while at < len(text) and text[at].isdecimal():
        number = wrap(number * 10 + ord(text[at]) - ord("0"))
        at += 1
    return number, at


def _order(left: float, right: float) -> int:
    return (left > right) - (left < right)


def _kind(key: object) -> int:
    """Return the number of a key's kind in Go's reflection, by which unlike keys are ordered."""
    return _KINDS.get(type_name(key), max(_KINDS.values()) + 1)


_KEY_ORDER = cmp_to_key(_compare_keys)
