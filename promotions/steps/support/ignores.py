"""Which paths do lines in the syntax of ``.gitignore`` leave out?"""

from collections.abc import Callable, Iterable
from itertools import groupby

from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from common.errors import InvalidError
from promotions.engine.regexes import compile_test

GIT = ".git"
"""The pattern of Git's own files, wherever they are."""

MAX_PATTERNS = 1_000

_NAMED_GROUP = "(?P<ps_d>"


class IgnoreRules:
    """Patterns of which the last that matches decides, a directory's for all that is in it.

    They are matched by RE2, in time linear in the path, whatever somebody wrote.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        """Compile the patterns.

        Raises:
            InvalidError: One is malformed, or there are more than ``MAX_PATTERNS``.
        """
        patterns = [translated for line in lines if (translated := _translated(line))]
        if len(patterns) > MAX_PATTERNS:
            raise InvalidError(f"there are more than {MAX_PATTERNS} patterns to ignore")
        runs = [
            (_matcher(regex for regex, _ in run), leaves_out)
            for leaves_out, run in groupby(patterns, key=lambda pattern: pattern[1])
        ]
        self._last_first = runs[::-1]

    def ignores(self, path: str, *, is_directory: bool = False) -> bool:
        """Return whether a path, relative to where the patterns are anchored, is left out."""
        shown = f"{path}/" if is_directory else path
        return next(
            (leaves_out for matches, leaves_out in self._last_first if matches(shown)), False
        )


def pattern_lines(text: str) -> list[str]:
    """Return the lines that are neither blank nor comments, as they are."""
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _translated(line: str) -> tuple[str, bool] | None:
    """Return a pattern as RE2, and whether it leaves out; ``None`` if it matches nothing."""
    try:
        found, leaves_out = GitIgnoreSpecPattern.pattern_to_regex(line)
        if found is None or leaves_out is None:
            return None
        regex = str(found).replace(_NAMED_GROUP, "(?:")
        compile_test(regex)
    except (ValueError, InvalidError) as error:
        raise InvalidError(f'the pattern to ignore "{line[:100]}" is malformed') from error
    return regex, leaves_out


def _matcher(regexes: Iterable[str]) -> Callable[[str], bool]:
    return compile_test(f"(?s){'|'.join(f'(?:{regex})' for regex in regexes)}")
