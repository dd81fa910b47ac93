r"""Into which parts does a key path such as ``image.tag`` split?

Parts are separated by dots; ``\.`` and ``\:`` are literal. A leading colon says that a part is a
key even though it looks like an index, as in ``users.:2313.name``.

Source: Kargo ``pkg/sjson`` for YAML and TOML, ``tidwall/sjson`` for JSON.
"""

from dataclasses import dataclass
from typing import TypeVar

from common.errors import InvalidError
from common.jsontypes import JSONValue
from promotions.engine.goquote import go_quote

_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
"""What Go's strings.TrimSpace takes off; Python's strip takes off more."""
_ESCAPABLE = frozenset(".:")
_QUERY = frozenset("*?#@|")
_LONGEST_INDEX = 9
MAX_PARTS = 200
"""Parts in one path."""


_Part = TypeVar("_Part")


@dataclass(frozen=True, slots=True)
class Update:
    """One scalar to set: ``key`` is a path, ``value`` a string, number, boolean or null."""

    key: str
    value: JSONValue


@dataclass(frozen=True, slots=True)
class KeyPart:
    """One part of a path into JSON.

    Attributes:
        is_key: It names a key of an object even though it looks like an index.
    """

    text: str
    is_key: bool = False


def split_key(key: str) -> tuple[str, ...]:
    """Return the parts of a path into YAML or TOML, at least one, none empty.

    Raises:
        InvalidError: A part is empty, a colon is out of place or an escape is unknown.
    """
    trimmed = _trimmed(key)
    parts: list[str] = []
    part = ""
    escaped = False
    for char in trimmed:
        if escaped:
            if char not in _ESCAPABLE:
                raise InvalidError(f"invalid escape sequence in key {go_quote(trimmed)}")
            part, escaped = part + char, False
        elif char == "\\":
            escaped = True
        elif char == ".":
            parts.append(_named(part, key=trimmed))
            part = ""
        elif char != ":":
            part += char
        elif part:
            raise InvalidError(f"unexpected colon in key {go_quote(trimmed)}")
    return _few((*parts, _named(part, key=trimmed)))


def split_json_key(key: str) -> tuple[KeyPart, ...]:
    r"""Return the parts of a path into JSON, at least one, none empty.

    A backslash makes any character literal, and a colon inside a part is one anyway. The
    characters ``*?#@|`` would be a query, which changes whatever it matches; they need a
    backslash.

    Raises:
        InvalidError: A part is empty, or a character would make the path a query.
    """
    trimmed = _trimmed(key)
    parts: list[KeyPart] = []
    part, is_key, escaped = "", False, False
    for char in trimmed:
        if escaped:
            part, escaped = part + char, False
        elif char == "\\":
            escaped = True
        elif char == ".":
            parts.append(KeyPart(_named(part, key=trimmed), is_key))
            part, is_key = "", False
        elif char == ":" and not part and not is_key:
            is_key = True
        elif char in _QUERY:
            raise InvalidError(f'"{char}" in key {go_quote(trimmed)} needs a backslash before it')
        else:
            part += char
    return _few((*parts, KeyPart(_named(part, key=trimmed), is_key)))


def index_in(part: str, *, length: int) -> int:
    """Return which element of a sequence a part means.

    Raises:
        InvalidError: It is no number, or there is no such element.
    """
    digits = part.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        raise InvalidError(f"{go_quote(part)} is not an index into a sequence")
    significant = digits.lstrip("0")
    if len(significant) > _LONGEST_INDEX or int(significant or "0") >= length:
        raise InvalidError(f"key path not found: index {part} of a sequence of {length}")
    return int(significant or "0")


def split_last(text: str, separator: str) -> tuple[str, str]:
    """Return what stands before the last separator, and what follows its first character.

    Raises:
        InvalidError: The separator is empty or does not occur.

    Source: Kargo ``pkg/strings`` SplitLast.
    """
    index = text.rfind(separator) if separator else -1
    if index < 0:
        raise InvalidError(f"{go_quote(text)} has no separator {go_quote(separator)}")
    return text[:index], text[index + 1 :]


def _trimmed(key: str) -> str:
    trimmed = key.strip(_SPACE)
    if not trimmed:
        raise InvalidError("empty key")
    return trimmed


def _few(parts: tuple[_Part, ...]) -> tuple[_Part, ...]:
    if len(parts) > MAX_PARTS:
        raise InvalidError(f"the key has more than {MAX_PARTS} parts")
    return parts


def _named(part: str, *, key: str) -> str:
    if not part:
        raise InvalidError(f"empty key part in key {go_quote(key)}")
    return part
