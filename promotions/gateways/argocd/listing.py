"""Reads a list of any length as it arrives: one item is in memory at a time.

A list is a JSON object with ``items``, an array of objects, and ``metadata``, in any order.
"""

import codecs
import json
import re
from collections.abc import Callable, Iterator
from json.decoder import JSONDecodeError

from common.jsontypes import JSONObject, JSONValue, as_object

MAX_ITEM_CHARACTERS = 8 * 1024 * 1024

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


class NotAListError(ValueError):
    """What arrives is not a list in JSON, is cut off, or has an item beyond all measure."""


def read_list(pieces: Iterator[bytes], take: Callable[[JSONObject], None]) -> JSONObject:
    """Hand each item to ``take`` as it comes, and return the list's metadata.

    Raises:
        NotAListError: It is none.
    """
    text = _Text(pieces)
    metadata: JSONObject = {}
    text.expect("{")
    while text.peek() != "}":
        name = text.value()
        text.expect(":")
        if name == "items" and text.peek() == "[":
            _read_items(text, take)
        elif name == "metadata":
            metadata = as_object(text.value())
        else:
            text.value()
        if text.peek() != ",":
            break
        text.expect(",")
    text.expect("}")
    return metadata


def _read_items(text: "_Text", take: Callable[[JSONObject], None]) -> None:
    text.expect("[")
    while text.peek() != "]":
        take(as_object(text.value()))
        if text.peek() != ",":
            break
        text.expect(",")
    text.expect("]")


class _Text:
    """A JSON text of which little more than the value at hand is kept."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._text = ""
        self._at = 0
        self._is_over = False

    def peek(self) -> str:
        """Return the next character that is no space."""
        while True:
            space = _SPACE.match(self._text, self._at)
            self._at = space.end() if space else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more(1):
                raise NotAListError("it is cut off")

    def expect(self, character: str) -> None:
        """Go past a character.

        Raises:
            NotAListError: Another comes.
        """
        if self.peek() != character:
            raise NotAListError("it is no list in JSON")
        self._at += 1

    def value(self) -> JSONValue:
        """Return the next value, and go past it."""
        self.peek()
        wanted = 1
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except (JSONDecodeError, RecursionError) as error:
                if isinstance(error, RecursionError) or not self._more(wanted):
                    raise NotAListError("it is no JSON, or is cut off") from error
                wanted = len(self._text)  # Twice as much each time: an item is read a few times.
                continue
            if end == len(self._text) and not self._is_over and self._more(1):
                continue  # A number may go on.
            self._at = end
            found: JSONValue = value
            return found

    def _more(self, characters: int) -> bool:
        """Read at least so many more characters; return whether any came."""
        if len(self._text) - self._at > MAX_ITEM_CHARACTERS:
            raise NotAListError("one of its items is too large")
        fresh: list[str] = []
        count = 0
        while count < characters and not self._is_over:
            piece = next(self._pieces, None)
            if piece is None:
                self._is_over = True
                piece = b""
            decoded = self._decoder.decode(piece, self._is_over)
            fresh.append(decoded)
            count += len(decoded)
        self._text = self._text[self._at :] + "".join(fresh)
        self._at = 0
        return count > 0
