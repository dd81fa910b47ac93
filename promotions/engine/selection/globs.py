r"""Decides whether texts match shell-style patterns.

``*`` and ``?`` stay within a path component, ``**`` as a whole component stands for any number of
components, ``{a,b}`` gives alternatives, ``[a-z]`` and ``[!a-z]`` classes; ``\`` escapes.

Source: the rules of https://github.com/bmatcuk/doublestar v4. Patterns become regular expressions,
so that none takes exponential time.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice

from common.errors import InvalidError
from promotions.engine.regexes import compile_test

_LONGEST = 1024
_MOST_ALTERNATIVES = 256
_DEEP = "**"
_NOTHING = r"[^\x00-\x{10FFFF}]"


@lru_cache(maxsize=1024)
def compile_glob(pattern: str) -> Callable[[str], bool]:
    """Return what says whether a whole text matches the pattern.

    Raises:
        InvalidError: A bracket, brace or escape is left open, a class is empty, or the pattern is
            too long or has too many alternatives.
    """
    if len(pattern) > _LONGEST:
        raise InvalidError("The glob pattern is too long.")
    _check(pattern)
    alternatives = list(islice(_alternatives(pattern), _MOST_ALTERNATIVES + 1))
    if len(alternatives) > _MOST_ALTERNATIVES:
        raise InvalidError(f"{pattern!r} has too many alternatives.")
    return compile_test(rf"\A(?s:{'|'.join(map(_translated, alternatives))})\z")


def _check(pattern: str) -> None:
    depth = 0
    for piece in _pieces(pattern):
        if piece in {"[", "\\"}:
            raise _malformed(pattern)
        depth += {"{": 1, "}": -1}.get(piece, 0)
        if depth < 0:
            raise _malformed(pattern)
    if depth:
        raise _malformed(pattern)


def _pieces(pattern: str) -> Iterator[str]:
    """Yield escapes and classes whole, other characters one by one; an open one is cut short."""
    position = 0
    while position < len(pattern):
        end = position + 1
        if pattern[position] == "\\":
            end = position + 2 if end < len(pattern) else end
        elif pattern[position] == "[":
            end = _class_end(pattern, position) or end
        yield pattern[position:end]
        position = end


def _class_end(pattern: str, start: int) -> int:
    """Return the position behind the class, or 0 if it does not end or has no members."""
    position = start + 1 + (pattern[start + 1 : start + 2] in {"!", "^"})
    first = position
    while position < len(pattern):
        if pattern[position] == "]":
            return position + 1 if position > first else 0
        position += 2 if pattern[position] == "\\" else 1
    return 0


def _alternatives(pattern: str) -> Iterator[str]:
    """Yield what the pattern's braces stand for; ``a{b,c}`` is ``ab`` and ``ac``."""
    pieces = list(_pieces(pattern))
    if "{" not in pieces:
        yield pattern
        return
    start = pieces.index("{")
    choices: list[list[str]] = [[]]
    depth, position = 1, start + 1
    while depth:
        piece = pieces[position]
        depth += {"{": 1, "}": -1}.get(piece, 0)
        if depth == 1 and piece == ",":
            choices.append([])
        elif depth:
            choices[-1].append(piece)
        position += 1
    for choice in choices:
        yield from _alternatives("".join((*pieces[:start], *choice, *pieces[position:])))


def _translated(pattern: str) -> str:
    """Return the regular expression of a pattern without braces.

    ``**`` counts as such only as a whole component; it also makes the slash beside it optional.
    """
    parts: list[str] = []
    *components, last = _components(pattern)
    for component in components:
        is_deep = component == _DEEP
        parts.extend(("(?:[^/]*/)*",) if is_deep else (_component(component), "/"))
    if last != _DEEP:
        return "".join((*parts, _component(last)))
    return "".join((*parts[:-1], "(?:/.*)?")) if parts else ".*"


def _components(pattern: str) -> list[str]:
    """Return what stands between the slashes; ``**/**`` says no more than ``**``."""
    components = [""]
    for piece in _pieces(pattern):
        if piece in {"/", "\\/"}:
            components.append("")
        else:
            components[-1] += piece
    pairs = zip(components, [*components[1:], ""], strict=True)
    return [one for one, following in pairs if not one == following == _DEEP]


def _component(pattern: str) -> str:
    return "".join(map(_translated_piece, _pieces(pattern)))


def _translated_piece(piece: str) -> str:
    if piece == "*":
        return "[^/]*"
    if piece == "?":
        return "[^/]"
    if piece.startswith("["):
        return _translated_class(piece[1:-1])
    return re.escape(piece[-1])


def _translated_class(members: str) -> str:
    is_negated = members[0] in "!^"
    ranges = "".join(_ranges(members[is_negated:]))
    if is_negated:
        return f"[^/{ranges}]"
    return f"[{ranges}]" if ranges else _NOTHING


def _ranges(members: str) -> Iterator[str]:
    """Yield the members for a regular expression; none of them stands for a slash."""
    chars = [(piece[-1], piece == "-") for piece in re.findall(r"\\.|[^\\]", members, re.DOTALL)]
    position = 0
    while position < len(chars):
        low = high = chars[position][0]
        if position + 2 < len(chars) and chars[position + 1][1]:
            high = chars[position + 2][0]
            position += 2
        position += 1
        if low <= "/" <= high:
            yield from (_range(low, "."), _range("0", high))
        else:
            yield _range(low, high)


def _range(low: str, high: str) -> str:
    return f"{re.escape(low)}-{re.escape(high)}" if low <= high else ""


def _malformed(pattern: str) -> InvalidError:
    return InvalidError(f"{pattern!r} is not a valid glob pattern.")
