"""Which files in the work directory match a pattern?

``*``, ``?``, ``[a-z]``, ``{a,b}`` and ``**``, as in Go's ``doublestar``: names that begin with a
dot match like others, ``**`` follows no links, and nothing matches above the work directory.
"""

import itertools
from collections.abc import Iterator

from wcmatch import glob

from promotions.steps.support.targets import is_private

MAX_ALTERNATIVES = 1000
_FLAGS = glob.GLOBSTAR | glob.DOTGLOB | glob.FORCEUNIX


def matches(root: str, pattern: str) -> list[str]:
    """Return the paths that match, relative to ``root`` and in order.

    The root itself and what is private to the platform are left out.

    Raises:
        ValueError: The pattern is malformed, or has too many alternatives.
    """
    while pattern.startswith("./"):
        pattern = pattern.removeprefix("./")
    _check(pattern)
    alternatives = list(itertools.islice(_alternatives(pattern), MAX_ALTERNATIVES + 1))
    if len(alternatives) > MAX_ALTERNATIVES:
        raise ValueError(f"more than {MAX_ALTERNATIVES} alternatives")
    wanted = [it for it in alternatives if not _leaves(it)]
    found = glob.glob(wanted, flags=_FLAGS, root_dir=root, limit=0) if wanted else []
    return sorted({name.rstrip("/") for name in found if _is_shown(root, name)})


def _is_shown(root: str, name: str) -> bool:
    return name.rstrip("/") not in {"", "."} and not is_private(root, name)


def _leaves(pattern: str) -> bool:
    return pattern.startswith("/") or ".." in pattern.split("/")


def _check(pattern: str) -> None:
    depth = 0
    position = 0
    while position < len(pattern):
        char = pattern[position]
        if char == "\\" and position + 1 == len(pattern):
            raise ValueError("a backslash at the end escapes nothing")
        if char == "[":
            position = _class_end(pattern, position)
        depth += {"{": 1, "}": -1}.get(char, 0)
        if depth < 0:
            raise ValueError("unmatched }")
        position += 2 if char == "\\" else 1
    if depth:
        raise ValueError("unmatched {")


def _class_end(pattern: str, start: int) -> int:
    """Return where the ``]`` of a class is.

    Raises:
        ValueError: There is none before the next slash, or the class is empty.
    """
    position = first = start + (2 if pattern[start + 1 : start + 2] in {"!", "^"} else 1)
    while position < len(pattern) and pattern[position] not in {"]", "/"}:
        position += 2 if pattern[position] == "\\" else 1
    if pattern[position : position + 1] != "]" or position == first:
        raise ValueError("unterminated or empty [class]")
    return position


def _alternatives(pattern: str) -> Iterator[str]:
    """Yield the pattern once for each choice from its ``{a,b}`` groups."""
    start = _find_group(pattern)
    if start < 0:
        yield pattern
        return
    choices, end = _choices(pattern, start)
    for choice in choices:
        for rest in _alternatives(choice + pattern[end:]):
            yield pattern[:start] + rest


def _find_group(pattern: str) -> int:
    position = 0
    while position < len(pattern):
        if pattern[position] == "{":
            return position
        if pattern[position] == "[":
            position = _class_end(pattern, position)
        position += 2 if pattern[position] == "\\" else 1
    return -1


def _choices(pattern: str, start: int) -> tuple[list[str], int]:
    """Return the choices of the group at ``start``, and where the pattern goes on."""
    choices, depth, begun, position = [], 0, start + 1, start
    while position < len(pattern):
        char = pattern[position]
        depth += {"{": 1, "}": -1}.get(char, 0)
        if depth == 0 or (depth == 1 and char == ","):
            choices.append(pattern[begun:position])
            begun = position + 1
        if depth == 0:
            break
        position += 2 if char == "\\" else 1
    return choices, position + 1
