"""Converts between days and dates of the Gregorian calendar, for every year that Go can count.

Days are absolute: 64-bit, unsigned, from 1 March of a year so long ago that no time comes before
it.

Source: Go ``time/time.go``, "Computations on Times".
"""

from promotions.engine.expressions.gotime.int64 import wrap, wrap_unsigned

SECONDS_PER_DAY = 86_400
DAYS_PER_WEEK = 7

_MARCH_THROUGH_DECEMBER = 306
_ABSOLUTE_YEARS = 292_277_022_400
_DAYS_PER_400_YEARS = 146_097
_DAYS_PER_4_YEARS = 1_461
_DAYS_BEFORE_MARCH = 31 + 28
_WEDNESDAY = 3
_THURSDAY = 4
_FEBRUARY = 2
_MARCH = 3

ABSOLUTE_TO_INTERNAL = (
    -(_ABSOLUTE_YEARS // 400 * _DAYS_PER_400_YEARS + _MARCH_THROUGH_DECEMBER) * SECONDS_PER_DAY
)

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")

_DAYS_BEFORE = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365)


def is_leap(year: int) -> bool:
    """Return whether the year has a 29 February."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def days_before(month: int) -> int:
    """Return how many days of a common year come before the month, from 1; 13 is the whole year."""
    return _DAYS_BEFORE[month - 1]


def days_in(month: int, year: int) -> int:
    """Return how many days the month has."""
    if month == _FEBRUARY and is_leap(year):
        return 29
    return days_before(month + 1) - days_before(month)


def days_from_date(year: int, month: int, day: int) -> int:
    """Return the absolute day of a date; ``day`` may be any, ``month`` is 1 to 12."""
    before_march = month < _MARCH
    shifted_month = month + 12 * before_march
    shifted_year = wrap_unsigned(year - before_march + _ABSOLUTE_YEARS)
    century, year_of_century = divmod(shifted_year, 100)
    day_of_century = _DAYS_PER_4_YEARS * year_of_century // 4
    day_of_year = (153 * shifted_month - 457) // 5
    first = wrap_unsigned(_DAYS_PER_400_YEARS * century) // 4
    return wrap_unsigned(first + day_of_century + day_of_year + day - 1)


def date_of(days: int) -> tuple[int, int, int]:
    """Return year, month and day of the month, the last two from 1."""
    year, day_of_year = _shifted_year(days)
    shifted_month, rest = divmod(5 * day_of_year + 461, 153)
    in_next_year = day_of_year >= _MARCH_THROUGH_DECEMBER
    return wrap(year + in_next_year), shifted_month - 12 * in_next_year, rest // 5 + 1


def year_day_of(days: int) -> tuple[int, int]:
    """Return the year and the day of the year, from 1."""
    year, day_of_year = _shifted_year(days)
    if day_of_year >= _MARCH_THROUGH_DECEMBER:
        return wrap(year + 1), day_of_year - _MARCH_THROUGH_DECEMBER + 1
    return wrap(year), day_of_year + _DAYS_BEFORE_MARCH + is_leap(year) + 1


def weekday_of(days: int) -> int:
    """Return the day of the week, 0 for Sunday."""
    return (days + _WEDNESDAY) % DAYS_PER_WEEK


def iso_week_of(days: int) -> tuple[int, int]:
    """Return the year and week by ISO 8601, in which Thursday decides."""
    since_monday = (weekday_of(days) - 1) % DAYS_PER_WEEK
    year, year_day = year_day_of(wrap_unsigned(days + _THURSDAY - 1 - since_monday))
    return year, (year_day - 1) // DAYS_PER_WEEK + 1


def _shifted_year(days: int) -> tuple[int, int]:
    """Return the year that starts in March, and the day since 1 March, from 0."""
    century, rest = divmod(4 * days + 3, _DAYS_PER_400_YEARS)
    year_of_century, rest = divmod(4 * (rest // 4) + 3, _DAYS_PER_4_YEARS)
    return century * 100 + year_of_century - _ABSOLUTE_YEARS, rest // 4
