"""Compiles the regular expressions that users write, in time linear in the text they search.

Syntax is RE2, which is what Go and therefore Kargo speak; Python's ``re`` would accept other
patterns and can take exponential time.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Protocol

import re2

from common.errors import InvalidError

MOST_CACHED = 128
"""A compiled pattern may come to hold 8 MiB, so there are not many."""

_HALVES = re.compile("[\ud800-\udfff]")


class Match(Protocol):
    """What of a match is read here."""

    def group(self, index: int = 0, /) -> str | None:
        """Return the text of a group, or ``None`` if it took no part."""
        ...

    def span(self, index: int = 0, /) -> tuple[int, int]:
        """Return where a group starts and ends, in characters."""
        ...


class Pattern(Protocol):
    """What of a compiled pattern is used here.

    Attributes:
        programsize: How many instructions it has; a search may look at all for each character.
    """

    programsize: int

    def search(self, text: str, /) -> Match | None:
        """Return the first match anywhere in ``text``."""
        ...

    def fullmatch(self, text: str, /) -> Match | None:
        """Return a match of the whole of ``text``."""
        ...


@lru_cache(maxsize=MOST_CACHED)
def compile_regex(pattern: str) -> Pattern:
    """Return the compiled pattern.

    Raises:
        InvalidError: The pattern is not valid RE2 (look-around and back-references are not).
    """
    try:
        compiled: Pattern = re2.compile(pattern, options=_options())
    except (re2.error, UnicodeEncodeError) as error:
        raise InvalidError(f"{pattern!r} is not a valid regular expression: {error}") from error
    return compiled


@lru_cache(maxsize=MOST_CACHED)
def compile_test(pattern: str) -> Callable[[str], bool]:
    """Return what says whether the pattern matches anywhere in a text.

    Twice as fast as a search, which has to count characters to say where.

    Raises:
        InvalidError: The pattern is not valid RE2.
    """
    compile_regex(pattern)
    search = re2.compile(pattern.encode(), options=_options()).search
    return lambda text: search(_encoded(text)) is not None


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        # A path in Git may be no UTF-8; to Go's regexp each wrong byte is one U+FFFD.
        return _HALVES.sub("\ufffd", text).encode()


def _options() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    return options
