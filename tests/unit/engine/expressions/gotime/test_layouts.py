from contextlib import suppress
from datetime import UTC as UTC_TIMEZONE, datetime

import pytest
from hypothesis import given, strategies as st

from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.gotime.binary import marshal_binary
from promotions.engine.expressions.gotime.formatting import format_rfc3339, format_time, go_syntax
from promotions.engine.expressions.gotime.instants import Time
from promotions.engine.expressions.gotime.int64 import LARGEST, SMALLEST
from promotions.engine.expressions.gotime.layouts import (
    RFC822,
    RFC850,
    RFC1123,
    RFC3339_NANO,
)
from promotions.engine.expressions.gotime.limits import LONGEST
from promotions.engine.expressions.gotime.parsing import parse_time
from promotions.engine.expressions.gotime.zone_files import load_location
from promotions.engine.expressions.gotime.zones import LOCAL, UTC, Location, fixed_zone

TIME = Time.of((2031, 5, 7), (21, 8, 9), nanosecond=45_600_000, location=fixed_zone("ABC", -12630))
NEW_YORK = load_location("America/New_York")
ELEMENTS = (
    *("2006", "06", "01", "1", "Jan", "January", "02", "2", "_2", "002", "__2", "15", "3", "03"),
    *("PM", "pm", "04", "4", "05", "5", "Mon", "Monday", "MST", "Z0700", "Z07:00", "Z07"),
    *("Z070000", "Z07:00:00", "-0700", "-07:00", "-07", "-070000", "-07:00:00"),
    *(".000", ",000", ".999", ",999", ".000000000000"),
)
LAYOUTS = st.lists(
    st.sampled_from(ELEMENTS) | st.text(alphabet=" :/T-_é.Z0", max_size=2), max_size=8
).map("".join)
TIMES = st.builds(
    Time,
    st.integers(SMALLEST, LARGEST),
    st.integers(0, 999_999_999),
    st.sampled_from((UTC, LOCAL, NEW_YORK, fixed_zone("", 90), fixed_zone("X", -86399))),
)


@pytest.mark.parametrize(
    ("layout", "text"),
    [
        ("2006 06", "2031 31"),
        ("January Jan 01 1", "May May 05 5"),
        ("Monday Mon", "Wednesday Wed"),
        ("02 _2 2", "07  7 7"),
        ("002 __2", "127 127"),
        ("15 03 3 PM pm", "21 09 9 PM pm"),
        ("04 4 05 5", "08 8 09 9"),
        ("MST -07 -0700 -07:00", "ABC -03 -0330 -03:30"),
        ("-070000 -07:00:00", "-033030 -03:30:30"),
        ("Z07 Z0700 Z07:00 Z070000 Z07:00:00", "-03 -0330 -03:30 -033030 -03:30:30"),
        (".0 ,000 .000000", ".0 ,045 .045600"),
        (".9 ,999 .999999", " ,045 .0456"),
        ("05.00000000000000", "09.045600000"),
        ("_2006 __2006", "_2031 127031"),
        ("Month Monat Januar Januaryx", "Month Monat Januar Mayx"),
        (".0001 .90 0 00 000", ".0005 .90 0 00 000"),
        ("", ""),
        ("at\u00e9", "at\u00e9"),
    ],
)
def test_a_time_is_written_as_the_layout_shows(layout: str, text: str) -> None:
    assert format_time(TIME, layout) == text


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (Time(), "0001-01-01 00:00:00 +0000 UTC"),
        (TIME, "2031-05-07 21:08:09.0456 -0330 ABC"),
        (Time().seen_from(fixed_zone("", -5400)), "0000-12-31 22:30:00 -0130 -0130"),
        (Time.of((12345, 1, 1), (0, 0, 0)), "12345-01-01 00:00:00 +0000 UTC"),
        (Time.of((-45, 1, 1), (0, 0, 0)), "-0045-01-01 00:00:00 +0000 UTC"),
    ],
)
def test_a_time_is_printed(time: Time, text: str) -> None:
    assert format_time(time) == text


def test_an_offset_of_nothing_is_written_as_z() -> None:
    assert format_time(Time(), "Z07:00 -07:00 Z070000") == "Z +00:00 Z"


def test_seconds_of_an_offset_below_a_minute_keep_their_sign() -> None:
    assert format_time(Time().seen_from(fixed_zone("", -30)), "-07:00:00") == "+00:00:-30"


def test_json_has_years_of_four_digits_and_offsets_below_a_day() -> None:
    assert format_rfc3339(TIME) == "2031-05-07T21:08:09.0456-03:30"
    for time in (
        Time.of((10000, 1, 1), (0, 0, 0)),
        Time.of((-1, 1, 1), (0, 0, 0)),
        Time().seen_from(fixed_zone("", 24 * 3600)),
        Time().seen_from(fixed_zone("", 100 * 3600)),
    ):
        with pytest.raises(OperandError, match="outside of range"):
            format_rfc3339(time)


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        (UTC, "time.UTC"),
        (LOCAL, "time.Local"),
        (fixed_zone("", 60), 'time.Location("")'),
        (fixed_zone('a"\u00e9', 60), r'time.Location("a\"\xc3\xa9")'),
    ],
)
def test_go_syntax_names_the_place(location: Location, shown: str) -> None:
    time = Time.of((2031, 5, 7), (1, 2, 3), nanosecond=4, location=location)

    assert go_syntax(time) == f"time.Date(2031, time.May, 7, 1, 2, 3, 4, {shown})"


@pytest.mark.parametrize(
    ("location", "tail"),
    [(UTC, "ffff"), (LOCAL, "0000"), (fixed_zone("", -12630), "ff2ee2")],
)
def test_the_binary_form_ends_in_the_offset(location: Location, tail: str) -> None:
    raw = marshal_binary(Time(1, 2, location)).hex()

    assert raw[2:] == f"000000000000000100000002{tail}"


def test_an_offset_of_a_minute_west_has_no_binary_form() -> None:
    with pytest.raises(OperandError, match="unexpected zone offset"):
        marshal_binary(Time(0, 0, fixed_zone("", -60)))


@pytest.mark.parametrize(
    ("layout", "text", "shown"),
    [
        ("2006-01-02", "2031-05-07", "2031-05-07 00:00:00 +0000 UTC"),
        ("15:04", "21:08", "0000-01-01 21:08:00 +0000 UTC"),
        ("06-1-2", "69-5-7", "1969-05-07 00:00:00 +0000 UTC"),
        ("06-1-2", "+8-5-7", "2008-05-07 00:00:00 +0000 UTC"),
        ("Jan _2", "MAY  7", "0000-05-07 00:00:00 +0000 UTC"),
        ("Monday January 2", "sunday mAy 7", "0000-05-07 00:00:00 +0000 UTC"),
        ("2006 002", "2032 060", "2032-02-29 00:00:00 +0000 UTC"),
        ("2006 __2", "2031  60", "2031-03-01 00:00:00 +0000 UTC"),
        ("2006 002 01 02", "2032 366 12 31", "2032-12-31 00:00:00 +0000 UTC"),
        ("3PM", "12AM", "0000-01-01 00:00:00 +0000 UTC"),
        ("3pm", "12pm", "0000-01-01 12:00:00 +0000 UTC"),
        ("15 PM", "11 PM", "0000-01-01 23:00:00 +0000 UTC"),
        ("5", "9.5", "0000-01-01 00:00:09.5 +0000 UTC"),
        ("05", "09,1234567891", "0000-01-01 00:00:09.123456789 +0000 UTC"),
        ("05.999", "09", "0000-01-01 00:00:09 +0000 UTC"),
        ("05.000", "09,045", "0000-01-01 00:00:09.045 +0000 UTC"),
        ("15 -0700", "4 +0130", "0000-01-01 04:00:00 +0130 +0130"),
        ("15 -07:00:00", "4 -24:60:60", "0000-01-01 04:00:00 -2501 -2501"),
        ("15 -07:00", "4 +00:00", "0000-01-01 04:00:00 +0000 UTC"),
        ("15 Z07", "4 Z", "0000-01-01 04:00:00 +0000 UTC"),
        ("15 MST", "4 UTC", "0000-01-01 04:00:00 +0000 UTC"),
        ("15 MST", "4 ABC", "0000-01-01 04:00:00 +0000 ABC"),
        ("15 MST", "4 GMT-5", "-0001-12-31 23:00:00 -0500 GMT-5"),
        ("15 MST -0700", "4 ABC +0100", "0000-01-01 04:00:00 +0100 ABC"),
        ("2006  x  2", "2031 x      7", "2031-01-07 00:00:00 +0000 UTC"),
        (RFC822, "07 May 31 21:08 ABCT", "2031-05-07 21:08:00 +0000 ABCT"),
        (RFC850, "Sunday, 07-May-31 21:08:09 WITA", "2031-05-07 21:08:09 +0000 WITA"),
        (RFC1123, "Sun, 07 May 2031 21:08:09 MeST", "2031-05-07 21:08:09 +0000 MeST"),
    ],
)
def test_a_text_is_read_as_the_layout_shows(layout: str, text: str, shown: str) -> None:
    assert format_time(parse_time(layout, text)) == shown


@pytest.mark.parametrize(
    ("layout", "text", "message"),
    [
        ("2006", "31", 'as "2006": cannot parse "31" as "2006"'),
        ("2006-01", "2031/05", 'cannot parse "/05" as "-"'),
        ("2006", "2031x", 'extra text: "x"'),
        ("01", "13", "month out of range"),
        ("01", "5", 'cannot parse "5" as "01"'),
        ("15", "24", "hour out of range"),
        ("3", "13", "hour out of range"),
        ("04", "60", "minute out of range"),
        ("05", "60", "second out of range"),
        ("05.000", "09.04", 'cannot parse ".04" as ".000"'),
        ("05.000", "09.-45", "fractional second out of range"),
        ("2006-01-02", "2031-02-29", "day out of range"),
        ("2006 002", "2031 366", "day-of-year out of range"),
        ("2006 002 01", "2031 060 02", "day-of-year does not match month"),
        ("2006 002 02", "2031 060 02", "day-of-year does not match day"),
        ("PM", "pm", 'cannot parse "pm" as "PM"'),
        ("Jan", "Mei", 'cannot parse "Mei" as "Jan"'),
        ("-0700", "0130", 'cannot parse "0130" as "-0700"'),
        ("-0700", "+2500", "time zone offset hour out of range"),
        ("-07:00", "+0:100", 'cannot parse "+0:100" as "-07:00"'),
        ("-0700", "+0:10", 'cannot parse "+0:10" as "-0700"'),
        ("MST", "ab", 'cannot parse "ab" as "MST"'),
        ("MST", "ABCD", 'cannot parse "ABCD" as "MST"'),
        ("MST", "ABCDEF", 'cannot parse "ABCDEF" as "MST"'),
        ("MST", "+24", 'cannot parse "+24" as "MST"'),
    ],
)
def test_a_text_of_another_form_is_refused(layout: str, text: str, message: str) -> None:
    with pytest.raises(OperandError) as caught:
        parse_time(layout, text)

    assert str(caught.value).startswith(f'parsing time "{text}"')
    assert str(caught.value).endswith(message)


@pytest.mark.parametrize(
    ("layout", "text", "shown"),
    [
        ("2006-01-02 15", "2031-07-07 8", "2031-07-07 08:00:00 -0400 EDT"),
        ("2006-01-02 15 MST", "2031-07-07 8 EST", "2031-07-07 09:00:00 -0400 EDT"),
        ("2006-01-02 15 MST", "2031-07-07 8 CET", "2031-07-07 08:00:00 +0000 CET"),
        ("2006-01-02 15 -07", "2031-07-07 8 -04", "2031-07-07 08:00:00 -0400 EDT"),
        ("2006-01-02 15 -07", "2031-07-07 8 -05", "2031-07-07 08:00:00 -0500 -0500"),
        ("2006-01-02 15 Z07", "2031-07-07 8 Z", "2031-07-07 08:00:00 +0000 UTC"),
    ],
)
def test_a_text_without_a_zone_is_of_the_place(layout: str, text: str, shown: str) -> None:
    assert format_time(parse_time(layout, text, NEW_YORK)) == shown


def test_layouts_and_texts_have_a_greatest_length() -> None:
    for layout, text in (("2" * (LONGEST + 1), "1"), ("2", "1" * (LONGEST + 1))):
        with pytest.raises(OperandError, match="budget"):
            parse_time(layout, text)
    with pytest.raises(OperandError, match="budget"):
        format_time(TIME, "2" * (LONGEST + 1))


@given(st.datetimes(timezones=st.just(UTC_TIMEZONE)), st.integers(0, 999))
def test_what_is_written_reads_back(moment: datetime, ns: int) -> None:
    time = Time.from_datetime(moment)
    exact = Time(time.seconds, time.nanosecond + ns)

    assert parse_time(RFC3339_NANO, format_time(exact, RFC3339_NANO)) == exact


@given(TIMES, LAYOUTS)
def test_any_time_can_be_written_in_any_layout(time: Time, layout: str) -> None:
    text = format_time(time, layout)

    assert len(text) <= 20 * len(layout)
    with suppress(OperandError):
        parse_time(layout, text)


@given(LAYOUTS | st.text(max_size=20), st.text(max_size=20))
def test_any_text_in_any_layout_is_a_time_or_our_error(layout: str, text: str) -> None:
    try:
        found = parse_time(layout, text)
    except OperandError:
        return
    assert 0 <= found.nanosecond < 10**9
