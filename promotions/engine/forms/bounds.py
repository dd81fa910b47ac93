"""How large is a JSON value, and is that still bearable?"""

import math
from collections.abc import Mapping, Sequence

from common.errors import InvalidError
from common.jsontypes import JSONValue

MAX_NODES = 2_000
MAX_DEPTH = 20
MAX_CHARACTERS = 64 * 1024


def check_size(value: JSONValue, *, what: str) -> None:
    """Accept a value of at most ``MAX_NODES`` parts, ``MAX_DEPTH`` levels, ``MAX_CHARACTERS``.

    Raises:
        InvalidError: It is larger, or holds a character or number that JSON has not; the message
            begins with ``what``.
    """
    nodes = characters = 0
    level: list[JSONValue] = [value]
    for _ in range(MAX_DEPTH + 1):
        nodes += len(level)
        characters += sum(_characters(item, what) for item in level)
        if nodes > MAX_NODES or characters > MAX_CHARACTERS:
            raise InvalidError(
                f"{what} may have at most {MAX_NODES} parts and {MAX_CHARACTERS} characters"
            )
        level = [part for item in level for part in _parts(item)]
        if not level:
            return
    raise InvalidError(f"{what} may be nested at most {MAX_DEPTH} levels deep")


def size_of(value: JSONValue) -> int:
    """Return how many parts and characters a value has; it must not be nested deeply."""
    own = len(value) if isinstance(value, str) else 1
    return own + sum(map(size_of, _parts(value)))


def _parts(value: JSONValue) -> list[JSONValue]:
    if isinstance(value, Mapping):
        return [*value.keys(), *value.values()]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return list(value)
    return []


def _characters(value: JSONValue, what: str) -> int:
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidError(f"{what} holds a number that JSON has not")
    if not isinstance(value, str):
        return 0
    if "\0" in value or _has_halves(value):
        raise InvalidError(f"{what} holds a character that is no text")
    return len(value)


def _has_halves(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)
