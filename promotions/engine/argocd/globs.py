r"""Decides whether names match the patterns of an AppProject.

``*`` and ``**`` stand for anything, slashes included; ``?`` for one character; ``{a,b}`` for one
of several texts; ``[abc]`` and ``[a-z]`` for one of several characters, ``[!…]`` for any other;
``\`` escapes.

Source: https://github.com/gobwas/glob without separators, as Argo CD's ``globMatch`` uses it.
Patterns become regular expressions that take linear time.
"""

import re
from functools import lru_cache

from common.errors import InvalidError
from promotions.engine.regexes import compile_regex

LONGEST = 1024

_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_TOKEN = re.compile(
    r"""
      (?P<any>\*+) | (?P<one>\?) | (?P<open>\{) | (?P<close>\}) | (?P<comma>,)
    | \[(?P<other>!?)
        (?: (?P<low>[^\]\\])-(?P<high>[^\]\\]) | (?P<members>(?!.-)(?:\\.|[^\\\]])+) )
      \]
    | (?P<broken>\[) | \\(?P<escaped>.) | (?P<end>\\) | (?P<char>.)
    """,
    re.VERBOSE | re.DOTALL,
)


def fits(pattern: str, name: str) -> bool:
    """Return whether a name matches; none matches a pattern that is malformed or too long."""
    if pattern == "*":
        return True
    if len(pattern) > LONGEST:
        return False
    try:
        return compile_regex(_translated(pattern)).fullmatch(name) is not None
    except InvalidError:
        return False


@lru_cache(maxsize=1024)
def _translated(pattern: str) -> str:
    """Return the regular expression of a pattern.

    Raises:
        InvalidError: A class is malformed, such as one that holds a range and more.
    """
    parts: list[str] = []
    depth = 0
    for token in _TOKEN.finditer(pattern):
        kind = token.lastgroup
        if kind == "open":
            depth += 1
            parts.append("(?:")
        elif kind == "close" and depth:
            depth -= 1
            parts.append(")")
        elif kind == "comma" and depth:
            parts.append("|")
        else:
            parts.append(_piece(token))
    return f"(?s:{''.join(parts)}{')' * depth})"


def _piece(token: re.Match[str]) -> str:
    kind = token.lastgroup
    if kind == "broken":
        raise InvalidError("A class of characters is malformed.")
    if kind == "high":
        return _one_of(token, f"{re.escape(token['low'])}-{re.escape(token['high'])}")
    if kind == "members":
        members = _ESCAPED.sub(r"\1", token["members"])
        return _one_of(token, "".join(map(re.escape, members)))
    fixed = {"any": ".*", "one": ".", "end": ""}
    return fixed[kind] if kind in fixed else re.escape(token["escaped"] or token[0])


def _one_of(token: re.Match[str], members: str) -> str:
    return f"[{'^' if token['other'] else ''}{members}]"
