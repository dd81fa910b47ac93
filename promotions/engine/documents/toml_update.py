"""Replaces scalars in TOML text where they stand, and leaves every other character as it was.

Nothing is handed out unchecked: the result is read again and must be the same document but for
the scalars that were to change.

Source: Kargo ``pkg/toml`` SetValuesInBytes; values are written as ``pelletier/go-toml`` does.
"""

import math
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from common.errors import InvalidError
from common.jsontypes import JSONValue
from promotions.engine.documents.gotext import decimal_text, plain_text, unicode_text
from promotions.engine.documents.keypaths import Update, split_key
from promotions.engine.documents.splices import Splice, spliced
from promotions.engine.documents.toml_positions import Place, Positions, Table, toml_positions

MAX_CHARACTERS = 1_000_000
"""Longest TOML text that is read; what is larger is no configuration."""

_BOM = "\ufeff"
_NEEDS_ESCAPES = re.compile(r"['\x00-\x08\x0a-\x1f\x7f]")
_ESCAPED = re.compile(r'[\\"\x00-\x1f\x7f]')
_SHORT_ESCAPES = {
    "\\": "\\\\",
    '"': '\\"',
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
}
_INDEX = re.compile("0|[1-9][0-9]{0,8}")
_LARGEST_INT = 2**63 - 1

_Path: TypeAlias = tuple[str, ...]
_Float: TypeAlias = tuple[str]
"""A float as it was written: ``nan`` would not equal itself."""


def update_toml(text: str, updates: Sequence[Update]) -> str:
    """Return ``text`` with every update made; the last one of a key wins.

    Raises:
        InvalidError: The text is not TOML, a key does not lead to a scalar, or a value is not
            one; nothing was changed.
    """
    source = text.removeprefix(_BOM)
    positions, document = _read(source)
    replacements: dict[Place, tuple[_Path, str]] = {}
    for update in updates:
        parts = split_key(update.key)
        try:
            place = _find(positions, parts)
            replacements[place] = (parts, toml_scalar(update.value))
        except InvalidError as error:
            raise InvalidError(f'error updating key "{update.key}": {error}') from error
    splices = [Splice(place.start, place.end, raw) for place, (_, raw) in replacements.items()]
    updated = spliced(source, splices)
    _check_result(updated, document, replacements.values())
    return _BOM + updated if text.startswith(_BOM) else updated


def toml_scalar(value: JSONValue) -> str:
    """Return a value as a TOML scalar; text in single quotes where that is possible.

    Raises:
        InvalidError: The value is not a string, number or boolean, or does not fit 64 bits.
    """
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _string_text(unicode_text(value))
        case int() if -_LARGEST_INT - 1 <= value <= _LARGEST_INT:
            return str(value)
        case int():
            raise InvalidError(f"{value} does not fit a 64-bit integer")
        case float():
            return _float_text(value)
        case _:
            raise InvalidError("value is not a TOML scalar type")


def toml_text(value: JSONValue) -> str:
    """Return a value as a TOML scalar, or as Go prints it if it is none."""
    try:
        return toml_scalar(value)
    except InvalidError:
        return plain_text(value)


def load_toml(text: str) -> Mapping[str, object]:
    """Return a TOML document; floats, dates and times are Python's.

    Raises:
        InvalidError: It is not TOML, or breaks a bound.
    """
    source = text.removeprefix(_BOM)
    _checked_positions(source)
    return _parsed(source)


def _string_text(text: str) -> str:
    if not _NEEDS_ESCAPES.search(text):
        return f"'{text}'"
    escaped = _ESCAPED.sub(
        lambda match: _SHORT_ESCAPES.get(match[0]) or f"\\u{ord(match[0]):04X}", text
    )
    return f'"{escaped}"'


def _float_text(number: float) -> str:
    if not math.isfinite(number):
        return "nan" if math.isnan(number) else repr(number)
    return f"{number:.1f}" if number.is_integer() else decimal_text(number)


def _read(source: str) -> tuple[Table, dict[str, object]]:
    positions = _checked_positions(source)
    return positions, _parsed(source, keep_floats=True)


def _checked_positions(source: str) -> Table:
    if len(source) > MAX_CHARACTERS:
        raise InvalidError(f"the TOML is longer than {MAX_CHARACTERS} characters")
    return toml_positions(source)


def _parsed(source: str, *, keep_floats: bool = False) -> dict[str, object]:
    try:
        return tomllib.loads(source, parse_float=_as_written if keep_floats else float)
    except (ValueError, RecursionError) as error:
        raise InvalidError(f"error parsing TOML: {error}") from error


def _as_written(text: str) -> _Float:
    return (text,)


def _find(document: Table, parts: _Path) -> Place:
    found: Positions = document
    for part in parts:
        if isinstance(found, dict) and part in found:
            found = found[part]
        elif isinstance(found, list) and _INDEX.fullmatch(part) and int(part) < len(found):
            found = found[int(part)]
        else:
            raise InvalidError("key path not found")
    if not isinstance(found, Place):
        kind = "a table" if isinstance(found, dict) else "an array"
        raise InvalidError(f"key path addresses {kind} instead of a scalar node")
    return found


def _check_result(
    text: str, document: dict[str, object], replacements: Iterable[tuple[_Path, str]]
) -> None:
    """Refuse to hand out text that does not say what was asked, and nothing else."""
    for path, raw in replacements:
        expected = _parsed(f"value = {raw}", keep_floats=True)["value"]
        _put(document, path, expected)
    if _parsed(text, keep_floats=True) != document:
        raise InvalidError("the update would change something else in the document")


def _put(document: object, path: _Path, value: object) -> None:
    *outer, last = path
    for part in outer:
        document = document[int(part)] if isinstance(document, list) else document[part]  # type: ignore[index]  # the path was found
    if isinstance(document, list):
        document[int(last)] = value
    elif isinstance(document, dict):
        document[last] = value
