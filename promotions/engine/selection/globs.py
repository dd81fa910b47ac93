r"""Turns shell-style patterns into regular expressions.

``*`` and ``?`` stay within a path component, ``**`` as a whole component stands for any number of
components, ``{a,b}`` gives alternatives, ``[a-z]`` and ``[!a-z]`` classes; ``\`` escapes.

Source: the rules of https://github.com/bmatcuk/doublestar v4.
"""

import re
from functools import lru_cache

from common.errors import InvalidError
from promotions.engine.regexes import Pattern, compile_regex

_LONGEST = 1024


@lru_cache(maxsize=1024)
def compile_glob(pattern: str) -> Pattern:
    """Return a pattern whose ``fullmatch`` decides as the glob would.

    Raises:
        InvalidError: A bracket, brace or escape is left open, or the pattern is too long.
    """
    if len(pattern) > _LONGEST:
        raise InvalidError("The glob pattern is too long.")
    return compile_regex(f"(?s:{_Translator(pattern).translate()})")


class _Translator:
    """Reads one glob from left to right; ``depth`` counts the braces that are open."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.position = 0
        self.depth = 0

    def translate(self) -> str:
        parts = []
        while self.position < len(self.pattern):
            parts.append(self._next_part())
        if self.depth:
            raise self._malformed()
        return "".join(parts)

    def _next_part(self) -> str:
        if (stars := self._component_stars()) is not None:
            return stars
        char = self.pattern[self.position]
        self.position += 1
        if char in "*?":
            return self._star() if char == "*" else "[^/]"
        if char == "[":
            return self._character_class()
        if char == "\\":
            return re.escape(self._escaped())
        return self._brace_or_literal(char)

    def _star(self) -> str:
        while self.pattern.startswith("*", self.position):
            self.position += 1
        return "[^/]*"

    def _component_stars(self) -> str | None:
        """Translate ``**`` where it is a whole component, with the slash it makes optional."""
        text, here = self.pattern, self.position
        if text.startswith("/**", here) and self._ends_component(here + 3):
            self.position += 3
            return "(?:/.*)?" if self._at_end(here + 3) else "(?:/[^/]*)*"
        starts = here == 0 or text[here - 1] in "/{,"
        if not starts or not text.startswith("**", here) or not self._ends_component(here + 2):
            return None
        if self._at_end(here + 2):
            self.position += 2
            return ".*"
        self.position += 3
        return "(?:[^/]*/)*"

    def _ends_component(self, index: int) -> bool:
        return self._at_end(index) or self.pattern[index] == "/"

    def _at_end(self, index: int) -> bool:
        return index >= len(self.pattern) or (bool(self.depth) and self.pattern[index] in ",}")

    def _brace_or_literal(self, char: str) -> str:
        if char == "{":
            self.depth += 1
            return "(?:"
        if char == "}" and self.depth:
            self.depth -= 1
            return ")"
        if char == "," and self.depth:
            return "|"
        return re.escape(char)

    def _character_class(self) -> str:
        negated = self.pattern[self.position : self.position + 1] in ("!", "^")
        self.position += negated
        members: list[str] = []
        while not (members and self._peek() == "]"):
            members.append(self._class_member())
        self.position += 1
        return f"[{'^/' if negated else ''}{''.join(members)}]"

    def _class_member(self) -> str:
        low = self._class_character()
        if self._peek() != "-" or self.pattern[self.position + 1 : self.position + 2] == "]":
            return re.escape(low)
        self.position += 1
        high = self._class_character()
        if high < low:
            raise self._malformed()
        return f"{re.escape(low)}-{re.escape(high)}"

    def _class_character(self) -> str:
        char = self._peek()
        self.position += 1
        return self._escaped() if char == "\\" else char

    def _escaped(self) -> str:
        char = self._peek()
        self.position += 1
        return char

    def _peek(self) -> str:
        if self.position >= len(self.pattern):
            raise self._malformed()
        return self.pattern[self.position]

    def _malformed(self) -> InvalidError:
        return InvalidError(f"{self.pattern!r} is not a valid glob pattern.")
