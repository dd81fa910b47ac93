"""Splits a layout, which shows how the reference time would look, into its elements.

The reference time is ``Mon Jan 2 15:04:05 2006 -0700 MST``.

Source: Go ``time/format.go`` nextStdChunk.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

RFC3339 = "2006-01-02T15:04:05Z07:00"
RFC3339_NANO = "2006-01-02T15:04:05.999999999Z07:00"
RFC822 = "02 Jan 06 15:04 MST"
RFC850 = "Monday, 02-Jan-06 15:04:05 MST"
RFC1123 = "Mon, 02 Jan 2006 15:04:05 MST"
DATE_TIME = "2006-01-02 15:04:05"
DATE_ONLY = "2006-01-02"
TIME_ONLY = "15:04:05"
DEFAULT = "2006-01-02 15:04:05.999999999 -0700 MST"

FRACTION_MARKS = (".", ",")

# At one place the first alternative that fits is the element. "_2006" is an underscore and a year.
_ELEMENT = re.compile(
    r"January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST"
    r"|0[1-6]|002|15|1|2006|2|_2(?!006)|__2|3|4|5|PM|pm"
    r"|[-Z](?:070000|07:00:00|0700|07:00|07)"
    r"|[.,](?:0+|9+)(?![0-9])"
)


class Element(NamedTuple):
    """Literal text, then an element of the reference time; the last has an empty element."""

    prefix: str
    element: str


def split_layout(layout: str) -> Iterator[Element]:
    """Yield the elements of a layout with the text before each, then what is left."""
    place = 0
    for match in _ELEMENT.finditer(layout):
        yield Element(layout[place : match.start()], match[0])
        place = match.end()
    yield Element(layout[place:], "")


def is_fraction(element: str) -> bool:
    """Return whether the element is a fraction of a second, such as ``.000`` or ``,999``."""
    return element.startswith(FRACTION_MARKS)


def fraction_digits(element: str) -> int:
    """Return how many digits the fraction has; Go counts them in 12 bits."""
    return (len(element) - 1) & 0xFFF
