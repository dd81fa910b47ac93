"""Decides whether names and paths match the patterns that users write.

A pattern is plain (an exact name; a base directory), ``glob:…``, or ``regex:…``/``regexp:…``,
whose expression may match anywhere.

Source: Kargo ``pkg/pattern``.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from common.errors import InvalidError
from promotions.engine import gopath
from promotions.engine.regexes import compile_test
from promotions.engine.selection.globs import compile_glob

_GLOB = "glob:"
_REGEX = ("regex:", "regexp:")


def matches_name(pattern: str, name: str) -> bool:
    """Return whether ``name`` matches; a plain pattern matches itself only.

    Raises:
        InvalidError: The glob or regular expression is malformed.
    """
    special = _matches_special(pattern, name)
    return pattern == name if special is None else special


def matches_path(pattern: str, path: str) -> bool:
    """Return whether ``path`` matches; a plain pattern matches itself and what lies below it.

    Raises:
        InvalidError: The glob or regular expression is malformed.
    """
    special = _matches_special(pattern, path)
    return _is_within(pattern, path) if special is None else special


@dataclass(frozen=True, slots=True)
class PathFilter:
    """Patterns of the paths that matter and of those that do not; exclusion wins.

    Attributes:
        include: Empty means every path.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.include or self.exclude)

    def passes(self, paths: Iterable[str]) -> bool:
        """Return whether at least one path is included and not excluded.

        Raises:
            InvalidError: A pattern is malformed.
        """
        for pattern in (*self.include, *self.exclude):
            _matches_special(pattern, "")  # a malformed one is an error even if nothing changed
        return any(self._passes_one(path) for path in paths)

    def _passes_one(self, path: str) -> bool:
        included = not self.include or any(matches_path(it, path) for it in self.include)
        return included and not any(matches_path(it, path) for it in self.exclude)


def _matches_special(pattern: str, text: str) -> bool | None:
    if pattern.startswith(_GLOB):
        return compile_glob(pattern.removeprefix(_GLOB))(text)
    for prefix in _REGEX:
        if pattern.startswith(prefix):
            return compile_test(pattern.removeprefix(prefix))(text)
    return None


def _is_within(directory: str, path: str) -> bool:
    try:
        # Kargo looks at the first two characters only, so a name such as `..cache` is outside.
        return not gopath.relative(path, base=directory).startswith("..")
    except InvalidError:
        return False
