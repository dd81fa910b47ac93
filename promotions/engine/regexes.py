"""Compiles the regular expressions that users write, in time linear in the text they search.

Syntax is RE2, which is what Go and therefore Kargo speak; Python's ``re`` would accept other
patterns and can take exponential time.
"""

from functools import lru_cache
from typing import Protocol

import re2

from common.errors import InvalidError


class Match(Protocol):
    """What of a match is read here."""

    def group(self, index: int = 0, /) -> str | None:
        """Return the text of a group, or ``None`` if it took no part."""
        ...

    def span(self, index: int = 0, /) -> tuple[int, int]:
        """Return where a group starts and ends, in characters."""
        ...


class Pattern(Protocol):
    """What of a compiled pattern is used here."""

    def search(self, text: str, /) -> Match | None:
        """Return the first match anywhere in ``text``."""
        ...

    def fullmatch(self, text: str, /) -> Match | None:
        """Return a match of the whole of ``text``."""
        ...


@lru_cache(maxsize=1024)
def compile_regex(pattern: str) -> Pattern:
    """Return the compiled pattern.

    Raises:
        InvalidError: The pattern is not valid RE2 (look-around and back-references are not).
    """
    options = re2.Options()
    options.log_errors = False
    try:
        compiled: Pattern = re2.compile(pattern, options=options)
    except (re2.error, UnicodeEncodeError) as error:
        raise InvalidError(f"{pattern!r} is not a valid regular expression: {error}") from error
    return compiled
