"""Recognises a time zone's abbreviation at the start of a text.

Source: Go ``time/format.go`` parseTimeZone.
"""

import re

_SHAPE = re.compile(
    r"ChST|MeST"  # the only ones with lower-case letters
    r"|GMT(?P<gmt>[+-][0-9]+)?"
    r"|(?P<offset>[+-][0-9]+)"
    r"|(?P<capitals>[A-Z]+)"
)
_MOST_HOURS = 23
"""An abbreviation that is an offset, or GMT with one, is of at most so many hours."""

_SHORTEST = 3


def zone_name_at_start(text: str) -> int:
    """Return the length of the abbreviation, or 0 if there is none.

    Abbreviations are three capitals, four or five that end in T, or an offset such as ``+03``.
    """
    match = _SHAPE.match(text)
    if match is None or len(text) < _SHORTEST:
        return 0
    if match["capitals"] is not None:
        return _capitals(match["capitals"])
    if match["gmt"] is not None:
        return match.end() if _is_possible(match["gmt"]) else len("GMT")
    if match["offset"] is not None:
        return match.end() if _is_possible(match["offset"]) else 0
    return match.end()


def gmt_offset(name: str) -> int:
    """Return the seconds of an abbreviation such as ``GMT-3``; of any other, 0."""
    if not name.startswith("GMT") or name == "GMT":
        return 0
    return int(name[len("GMT") :]) * 3600


def _capitals(letters: str) -> int:
    if len(letters) == _SHORTEST:
        return _SHORTEST
    fits = letters.endswith("T") and _SHORTEST < len(letters) <= len("AAAAT")
    return len(letters) if fits or letters == "WITA" else 0


def _is_possible(offset: str) -> bool:
    hours = offset[1:].lstrip("0")
    return len(hours) <= len("23") and int(hours or "0") <= _MOST_HOURS
