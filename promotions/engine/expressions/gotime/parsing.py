"""Reads times by a layout, as Go's time.Parse and time.ParseInLocation do.

Source: Go ``time/format.go`` parse.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.gotime.civil import MONTHS, WEEKDAYS
from promotions.engine.expressions.gotime.instants import Time
from promotions.engine.expressions.gotime.layouts import (
    FRACTION_MARKS,
    Element,
    fraction_digits,
    is_fraction,
    split_layout,
)
from promotions.engine.expressions.gotime.limits import check_length
from promotions.engine.expressions.gotime.quoting import quote
from promotions.engine.expressions.gotime.readings import NOON, Fields, ImpossibleError, resolve
from promotions.engine.expressions.gotime.zone_names import zone_name_at_start
from promotions.engine.expressions.gotime.zones import LOCAL, UTC, Location

_DIGITS = frozenset("0123456789")
_FIRST_SHORT_YEAR = 69
_NS_DIGITS = 9


class _BadValueError(Exception):
    """The text does not have the form of the element."""


def parse_time(layout: str, text: str, location: Location | None = None) -> Time:
    """Return the time that the text states in the form of the layout.

    What the layout does not say is the start of year 0, UTC, or at the location if one is given;
    an offset or abbreviation in the text goes before it.

    Raises:
        OperandError: The text has another form, or states no possible time.
    """
    fields = Fields()
    check_length(layout)
    check_length(text)
    rest = text
    for current, upcoming in pairwise((*split_layout(layout), Element("", ""))):
        rest, is_skipped = _skip(rest, current.prefix)
        if not is_skipped:
            raise _mismatch(layout, text, current.prefix, rest)
        if not current.element:
            break
        rest = _read(fields, current.element, rest, upcoming.element, (layout, text))
    if rest:
        raise OperandError(f"parsing time {quote(text)}: extra text: {quote(rest)}")
    try:
        return resolve(fields, UTC if location is None else location, location or LOCAL)
    except ImpossibleError as error:
        raise OperandError(f"parsing time {quote(text)}: {error}") from error


def _mismatch(layout: str, text: str, element: str, rest: str) -> OperandError:
    wanted = f"cannot parse {quote(rest)} as {quote(element)}"
    return OperandError(f"parsing time {quote(text)} as {quote(layout)}: {wanted}")


def _skip(text: str, prefix: str) -> tuple[str, bool]:
    """Return what is left after the literal ``prefix``, and whether all of that was there.

    Any number of spaces matches any other.
    """
    place = 0
    index = 0
    while index < len(prefix):
        if prefix[index] == " ":
            if place < len(text) and text[place] != " ":
                return text[place:], False
            index, place = _past_spaces(prefix, index), _past_spaces(text, place)
            continue
        if place >= len(text) or text[place] != prefix[index]:
            return text[place:], False
        index += 1
        place += 1
    return text[place:], True


def _past_spaces(text: str, place: int) -> int:
    while place < len(text) and text[place] == " ":
        place += 1
    return place


def _read(fields: Fields, element: str, text: str, upcoming: str, whole: tuple[str, str]) -> str:
    """Read one element into the fields; return the text after it."""
    try:
        if element in ("5", "05"):
            return _second(fields, element, text, upcoming)
        if element in _READERS:
            return _READERS[element](fields, element, text)
        if is_fraction(element):
            return _fraction(fields, element, text)
        return _numeric_zone(fields, element, text)
    except _BadValueError as error:
        raise _mismatch(*whole, element, text) from error
    except ImpossibleError as error:
        raise OperandError(f"parsing time {quote(whole[1])}: {error} out of range") from error


def _count_digits(text: str, most: int) -> int:
    count = 0
    while count < min(most, len(text)) and text[count] in _DIGITS:
        count += 1
    return count


def _leading_number(text: str, most: int, *, is_fixed: bool) -> tuple[int, str]:
    """Return the number of up to ``most`` digits at the start, exactly so many if fixed."""
    count = _count_digits(text, most)
    if not count or (is_fixed and count != most):
        raise _BadValueError
    return int(text[:count]), text[count:]


def _signed_number(text: str) -> int:
    digits = text[1:] if text[:1] in ("+", "-") else text
    if digits and _count_digits(digits, len(digits)) != len(digits):
        raise _BadValueError
    number = int(digits or "0")
    return -number if text.startswith("-") else number


def _taken(text: str, count: int) -> tuple[str, str]:
    if len(text) < count:
        raise _BadValueError
    return text[:count], text[count:]


def _short_year(fields: Fields, _element: str, text: str) -> str:
    digits, rest = _taken(text, 2)
    year = _signed_number(digits)
    fields.year = year + (1900 if year >= _FIRST_SHORT_YEAR else 2000)
    return rest


def _long_year(fields: Fields, _element: str, text: str) -> str:
    digits, rest = _taken(text, 4)
    if _count_digits(digits, 4) != len(digits):
        raise _BadValueError
    fields.year = int(digits)
    return rest


def _month_name(fields: Fields, element: str, text: str) -> str:
    index, rest = _name(MONTHS, len(element) == len("Jan"), text)
    fields.month = index + 1
    return rest


def _weekday_name(_fields: Fields, element: str, text: str) -> str:
    return _name(WEEKDAYS, len(element) == len("Mon"), text)[1]


def _name(names: Sequence[str], is_short: bool, text: str) -> tuple[int, str]:  # noqa: FBT001  private
    for index, full in enumerate(names):
        name = full[:3] if is_short else full
        start = text[: len(name)]
        if start.isascii() and start.lower() == name.lower():
            return index, text[len(name) :]
    raise _BadValueError


def _month_number(fields: Fields, element: str, text: str) -> str:
    fields.month, rest = _leading_number(text, 2, is_fixed=element == "01")
    if not 1 <= fields.month <= len(MONTHS):
        raise ImpossibleError("month")
    return rest


def _day(fields: Fields, element: str, text: str) -> str:
    if element == "_2" and text.startswith(" "):
        text = text[1:]
    fields.day, rest = _leading_number(text, 2, is_fixed=element == "02")
    return rest


def _year_day(fields: Fields, element: str, text: str) -> str:
    if element == "__2":
        text = text.removeprefix(" ").removeprefix(" ")
    fields.year_day, rest = _leading_number(text, 3, is_fixed=element == "002")
    return rest


def _hour(fields: Fields, element: str, text: str) -> str:
    fields.hour, rest = _leading_number(text, 2, is_fixed=element == "03")
    if fields.hour > (23 if element == "15" else NOON):
        raise ImpossibleError("hour")
    return rest


def _minute(fields: Fields, element: str, text: str) -> str:
    fields.minute, rest = _leading_number(text, 2, is_fixed=element == "04")
    if fields.minute > 59:  # noqa: PLR2004  minutes
        raise ImpossibleError("minute")
    return rest


def _second(fields: Fields, element: str, text: str, upcoming: str) -> str:
    """Read the second, and a fraction that the text has although the layout has none."""
    fields.second, rest = _leading_number(text, 2, is_fixed=element == "05")
    if fields.second > 59:  # noqa: PLR2004  seconds
        raise ImpossibleError("second")
    if is_fraction(upcoming):
        return rest
    return _optional_fraction(fields, rest)


def _half_of_day(fields: Fields, element: str, text: str) -> str:
    half, rest = _taken(text, 2)
    if half == element:
        fields.is_afternoon = True
    elif half == ("AM" if element == "PM" else "am"):
        fields.is_morning = True
    else:
        raise _BadValueError
    return rest


def _fraction(fields: Fields, element: str, text: str) -> str:
    if element.endswith("9"):
        return _optional_fraction(fields, text)
    digits, rest = _taken(text, 1 + fraction_digits(element))
    _set_nanosecond(fields, digits)
    return rest


def _optional_fraction(fields: Fields, text: str) -> str:
    count = _count_digits(text[1:], len(text)) if text.startswith(FRACTION_MARKS) else 0
    if not count:
        return text
    _set_nanosecond(fields, text[: 1 + count])
    return text[1 + count :]


def _set_nanosecond(fields: Fields, fraction: str) -> None:
    if not fraction.startswith(FRACTION_MARKS):
        raise _BadValueError
    digits = fraction[1 : 1 + _NS_DIGITS]
    number = _signed_number(digits)
    if number < 0:
        raise ImpossibleError("fractional second")
    fields.nanosecond = number * 10 ** (_NS_DIGITS - len(digits))


def _zone_name(fields: Fields, _element: str, text: str) -> str:
    if text.startswith("UTC"):
        fields.is_utc = True
        return text[len("UTC") :]
    length = zone_name_at_start(text)
    if not length:
        raise _BadValueError
    fields.zone_name = text[:length]
    return text[length:]


def _numeric_zone(fields: Fields, element: str, text: str) -> str:
    """Read an offset in the form of an element such as ``-07:00`` or ``Z070000``."""
    if element.startswith("Z") and text.startswith("Z"):
        fields.is_utc = True
        return text[1:]
    shown, rest = _taken(text, len(element))
    pairs = list(zip(element, shown, strict=True))
    if any(char != ":" for wanted, char in pairs if wanted == ":"):
        raise _BadValueError
    digits = "".join(char for wanted, char in pairs[1:] if wanted != ":").ljust(6, "0")
    hours, minutes, seconds = (
        _leading_number(digits[place : place + 2], 2, is_fixed=True)[0] for place in (0, 2, 4)
    )
    _check_offset(hours, minutes, seconds)
    offset = (hours * 60 + minutes) * 60 + seconds
    if shown[0] not in "+-":
        raise _BadValueError
    fields.offset = -offset if shown[0] == "-" else offset
    return rest


def _check_offset(hours: int, minutes: int, seconds: int) -> None:
    """Refuse what cannot be; 24 hours, 60 minutes and 60 seconds are written by some people."""
    limits = ((seconds, 60, "second"), (minutes, 60, "minute"), (hours, 24, "hour"))
    for value, most, unit in limits:
        if value > most:
            raise ImpossibleError(f"time zone offset {unit}")


_READERS: dict[str, Callable[[Fields, str, str], str]] = {
    "06": _short_year,
    "2006": _long_year,
    **dict.fromkeys(("Jan", "January"), _month_name),
    **dict.fromkeys(("1", "01"), _month_number),
    **dict.fromkeys(("Mon", "Monday"), _weekday_name),
    **dict.fromkeys(("2", "_2", "02"), _day),
    **dict.fromkeys(("__2", "002"), _year_day),
    **dict.fromkeys(("15", "3", "03"), _hour),
    **dict.fromkeys(("4", "04"), _minute),
    **dict.fromkeys(("PM", "pm"), _half_of_day),
    "MST": _zone_name,
}
