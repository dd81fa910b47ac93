"""Which files in the work directory match a pattern?

``*``, ``?``, ``[a-z]``, ``{a,b}`` and ``**``, as in Go's ``doublestar``: names that begin with a
dot match like others, ``**`` follows no links, and nothing matches above the work directory.
Names are matched by RE2, in time linear in the name, and no file is looked at twice for one part
of a pattern.
"""

import itertools
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from common.errors import InvalidError
from promotions.engine.regexes import compile_test
from promotions.steps.support.workdir import is_private

MAX_ALTERNATIVES = 1000
MAX_PARTS = 100
"""Names and ``**`` in one pattern."""

_ANY_DEPTH = "**"


def matches(root: str, pattern: str) -> list[str]:
    """Return the paths that match, relative to ``root`` and in order.

    The root itself and what is private to the platform are left out.

    Raises:
        ValueError: The pattern is malformed, or has too many alternatives or parts.
        OSError: A directory cannot be read.
    """
    while pattern.startswith("./"):
        pattern = pattern.removeprefix("./")
    _check(pattern)
    alternatives = list(itertools.islice(_alternatives(pattern), MAX_ALTERNATIVES + 1))
    if len(alternatives) > MAX_ALTERNATIVES:
        raise ValueError(f"more than {MAX_ALTERNATIVES} alternatives")
    found = {
        name
        for alternative in dict.fromkeys(alternatives)
        if not _leaves(alternative)
        for name in _found(root, alternative)
    }
    return sorted(name for name in found if _is_shown(root, name))


@dataclass(frozen=True, slots=True)
class _Part:
    """One part of a pattern: a name, what names must fit, or neither for ``**``."""

    name: str = ""
    fits: Callable[[str], bool] | None = None


def _found(root: str, pattern: str) -> Iterator[str]:
    """Yield the paths that match a pattern without alternatives, some of them more than once."""
    parts = [_part(part) for part in pattern.split("/") if part not in {"", "."}]
    if len(parts) > MAX_PARTS:
        raise ValueError(f"more than {MAX_PARTS} parts")
    pending = [("", 0)]
    seen = set(pending)
    while pending:
        path, number = pending.pop()
        if number == len(parts):
            if not pattern.endswith("/") or Path(root, path).is_dir():
                yield path
            continue
        reached = set(_reached(root, path, parts, number)) - seen
        seen |= reached
        pending += reached


def _reached(
    root: str, path: str, parts: Sequence[_Part], number: int
) -> Iterator[tuple[str, int]]:
    """Yield where one part leads from a path, each with the number of the part that is next."""
    part = parts[number]
    is_last = number + 1 == len(parts)
    if part.name:
        full = Path(root, path, part.name)
        if full.is_dir() or (is_last and os.path.lexists(full)):
            yield _below(path, part.name), number + 1
    elif part.fits is None:
        yield path, number + 1
        for name, is_directory in _entries(f"{root}/{path}", follow_links=False):
            if is_directory or is_last:
                yield _below(path, name), number + (not is_directory)
    else:
        for name, is_directory in _entries(f"{root}/{path}", follow_links=True):
            if (is_directory or is_last) and part.fits(name):
                yield _below(path, name), number + 1


def _below(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


def _entries(directory: str, *, follow_links: bool) -> Sequence[tuple[str, bool]]:
    """Return the names in a directory, and whether each is one; nothing if it is a file."""
    try:
        with os.scandir(directory) as found:
            return [(it.name, _is_directory(it, follow_links=follow_links)) for it in found]
    except NotADirectoryError:
        return ()


def _is_directory(entry: os.DirEntry[str], *, follow_links: bool) -> bool:
    try:
        return entry.is_dir(follow_symlinks=follow_links)
    except OSError:  # a link to itself, or to what may not be looked at
        return False


def _part(text: str) -> _Part:
    if text == _ANY_DEPTH:
        return _Part()
    regex = "".join(piece for piece, _ in _pieces(text))
    if all(is_literal for _, is_literal in _pieces(text)):
        return _Part(name=re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL))
    try:
        return _Part(fits=compile_test(f"(?s)^(?:{regex})$"))
    except InvalidError as error:
        raise ValueError(f"{text} is malformed") from error


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Yield each element of a name's pattern as RE2, and whether it is but a character."""
    position = 0
    while position < len(text):
        char = text[position]
        if char == "[":
            end = _class_end(text, position)
            yield _class(text[position + 1 : end]), False
            position = end + 1
        elif char in "*?":
            yield ("[^/]*" if char == "*" else "[^/]"), False
            position += 1
        else:
            escaped = char == "\\"
            yield re.escape(text[position + escaped]), True
            position += 1 + escaped


def _class(content: str) -> str:
    """Return what stands between the brackets of a class as RE2."""
    negated = content[:1] in {"!", "^"}
    chars = re.findall(r"\\?.", content[negated:], flags=re.DOTALL)
    last = len(chars) - 1
    pieces = [
        "-" if char == "-" and 0 < number < last else re.escape(char[-1])
        for number, char in enumerate(chars)
    ]
    return f"[{'^' if negated else ''}{''.join(pieces)}]"


def _is_shown(root: str, name: str) -> bool:
    return bool(name) and not is_private(root, name)


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
