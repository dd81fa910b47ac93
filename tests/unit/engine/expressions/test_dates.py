from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from promotions.engine.expressions.builtins.dates import NOW, now_function
from promotions.engine.expressions.criteria import compile_filter
from promotions.engine.expressions.errors import ExpressionError
from promotions.engine.expressions.gotime.durations import HOUR, Duration
from promotions.engine.expressions.gotime.formatting import format_time
from promotions.engine.expressions.gotime.instants import Time
from promotions.engine.expressions.language import compile_expression
from promotions.engine.expressions.times import METHODS
from promotions.engine.expressions.values import format_value, type_name

MOMENT = datetime(2031, 5, 7, 21, 8, 9, tzinfo=UTC)
ENV: dict[str, object] = {
    NOW: now_function(lambda: MOMENT),
    "born": Time.of((2024, 2, 29), (12, 30, 0)),
    "pause": Duration(90 * 60 * 10**9),
    "nothing": None,
    "text": "2031-05-07",
    "unit": 1,
}


def evaluate(text: str) -> object:
    return compile_expression(text).evaluate(ENV)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("date('2031-05-07')", "2031-05-07 00:00:00 +0000 UTC"),
        ("date('21:08:09')", "0000-01-01 21:08:09 +0000 UTC"),
        ("date('2031-05-07 21:08:09.5')", "2031-05-07 21:08:09.5 +0000 UTC"),
        ("date('2031-05-07T21:08:09-03:30')", "2031-05-07 21:08:09 -0330 -0330"),
        ("date('07 May 31 21:08 ABC')", "2031-05-07 21:08:00 +0000 ABC"),
        ("date('Wednesday, 07-May-31 21:08:09 UTC')", "2031-05-07 21:08:09 +0000 UTC"),
        ("date('Wed, 07 May 2031 21:08:09 GMT')", "2031-05-07 21:08:09 +0000 GMT"),
        ("date('7.5.31', '2.1.06')", "2031-05-07 00:00:00 +0000 UTC"),
        ("date('7.5.31', '2.1.06', 'Asia/Tokyo')", "2031-05-07 00:00:00 +0900 JST"),
        ("date(timezone('Asia/Tokyo'), '2031-05-07')", "2031-05-07 00:00:00 +0900 JST"),
        ("date(timezone('Asia/Tokyo'), '7.5.31', '2.1.06')", "2031-05-07 00:00:00 +0900 JST"),
        (
            "date(timezone('Asia/Tokyo'), '7.5.31', '2.1.06', 'UTC')",
            "2031-05-07 00:00:00 +0000 UTC",
        ),
        ("now()", "2031-05-07 21:08:09 +0000 UTC"),
        ("now(timezone('Asia/Tokyo'))", "2031-05-08 06:08:09 +0900 JST"),
        ("born + pause", "2024-02-29 14:00:00 +0000 UTC"),
        ("pause + born", "2024-02-29 14:00:00 +0000 UTC"),
        ("born - pause", "2024-02-29 11:00:00 +0000 UTC"),
        ("born.AddDate(1, 0, 0)", "2025-03-01 12:30:00 +0000 UTC"),
        (
            "born.In(timezone('Asia/Tokyo')).Truncate(duration('1h'))",
            "2024-02-29 21:00:00 +0900 JST",
        ),
        ("born.Add(nothing)", "2024-02-29 12:30:00 +0000 UTC"),
        ("born.ZoneBounds()", "0001-01-01 00:00:00 +0000 UTC"),
    ],
)
def test_a_time_is_made(text: str, shown: str) -> None:
    value = evaluate(text)

    assert isinstance(value, Time)
    assert format_time(value) == shown


@pytest.mark.parametrize(
    ("text", "shown", "go_type"),
    [
        ("born.Month()", "February", "time.Month"),
        ("born.Weekday()", "Thursday", "time.Weekday"),
        ("born.Month().String()", "February", "string"),
        ("born.ISOWeek()", "2024", "int"),
        ("[born][0].Date()", "2024", "int"),
        ("born.Zone()", "UTC", "string"),
        ("born.Unix()", "1709209800", "int64"),
        ("born.UnixNano()", "1709209800000000000", "int64"),
        ("born.Location()", "UTC", "*time.Location"),
        ("born.Sub(date('2024-02-29'))", "12h30m0s", "time.Duration"),
        ("born.Compare(now())", "-1", "int"),
        ("born.Format('02/01')", "29/02", "string"),
        ("born.Format(nothing)", "", "string"),
        ("string(born.MarshalJSON()[0:3])", "[34 50 48]", "string"),
        ("born - date('2024-02-29')", "12h30m0s", "time.Duration"),
        ("pause + pause", "3h0m0s", "time.Duration"),
        ("pause - pause * 2", "-1h30m0s", "time.Duration"),
        ("3 * pause", "4h30m0s", "time.Duration"),
        ("0.5 * pause", "2.7e+12", "float64"),
        ("pause.Hours()", "1.5", "float64"),
        ("pause.Milliseconds()", "5400000", "int64"),
        ("pause.Round(duration('1h'))", "2h0m0s", "time.Duration"),
        ("timezone('Asia/Tokyo').String()", "Asia/Tokyo", "string"),
        ("toJSON([born, pause, timezone('UTC')][:2])", None, "string"),
    ],
)
def test_methods_and_operators_have_gos_results(text: str, shown: str | None, go_type: str) -> None:
    value = evaluate(text)

    assert type_name(value) == go_type
    assert shown is None or format_value(value) == shown


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("born < now()", True),
        ("born == date('2024-02-29T13:30:00+01:00')", True),
        ("born in [date('2024-02-29T13:30:00+01:00')]", True),
        ("born.Equal(nothing)", False),
        ("born == nothing", False),
        ("pause >= duration('90m')", True),
        ("max(pause, duration('2h')) == duration('2h')", True),
        ("now() - born > duration('24h')", True),
        ("timezone('') == timezone('UTC')", True),
        ("map([born], .Year())", [2024]),
        ("string(sort([now(), born])[0])", "2024-02-29 12:30:00 +0000 UTC"),
        ("toJSON(born)", '"2024-02-29T12:30:00Z"'),
        ("born.IsDST()", False),
        ("duration('1ns') == unit", False),
        ("unit in [date('2031-01-07').Month()]", False),
        ("date('2031-01-07').Month() in [unit]", False),
        ("len(uniq([duration('1ns'), unit, date('2031-01-07').Month()]))", 3),
        ("date('2031-01-07').Month() == date('2032-01-01').Month()", True),
        ("'wall' in born", False),
        ("'name' in timezone('UTC')", False),
    ],
)
def test_times_compare_by_the_instant(text: str, value: object) -> None:
    assert evaluate(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "date()",
        "date('')",
        "date('2031-5-7')",
        "date(nothing)",
        "date(1)",
        "date('1', '2006')",
        "date('2031', '2006', 'Nowhere')",
        "date(timezone('UTC'))",
        "date('1', '2', 'UTC', 'UTC')",
        "duration('1d')",
        "duration(1)",
        "timezone('../UTC')",
        "now('a')",
        "born + born",
        "born + 1",
        "born * 2",
        "-pause",
        "pause / 2",
        "pause % 2",
        "pause + 1",
        "pause - born",
        "born < 1",
        "born.Add('1h')",
        "born.Add(1)",
        "born.AddDate(1, 2)",
        "born.AddDate(1.0, 2, 3)",
        "born.In(nothing)",
        "born.In('UTC')",
        "born.Format(1)",
        "born.year",
        "born.seconds",
        "born.UnmarshalJSON",
        "born.__class__",
        "pause.ns",
        "timezone('UTC').zones",
        "born.Month().go_type",
        "born.Month() + 1",
        "date('2031-05-07').Month() == 5",
        "date('2031-05-07') == 'a'",
        "date('2031-05-07').Date()",
        "abs(pause)",
        "max([pause])",
        "min(pause, [pause])",
        "unit in born",
        "1 in timezone('UTC')",
        "timezone('UTC') in [timezone('UTC')]",
        "date('2031-05-07').Add(nothing)",
        "date('2031-05-07').Sub(nothing)",
        "date('2031-05-07').Before(nothing)",
        "date('2031-05-07').Format(nothing)",
        "duration('1h').Round(nothing)",
    ],
)
def test_what_go_refuses_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(text)


def test_a_method_that_is_not_called_shows_nothing_of_python() -> None:
    assert evaluate("string(born.Year)") == "func"


def test_now_needs_a_clock() -> None:
    with pytest.raises(ExpressionError, match="clock"):
        compile_expression("now()").evaluate({})


def test_a_filter_takes_datetimes_as_times() -> None:
    accepts = compile_filter("creatorDate.Year() > 2030 && creatorDate > date('2031-01-01')")

    assert accepts({"creatorDate": MOMENT})
    assert not accepts({"creatorDate": MOMENT.replace(year=2030)})


@given(st.sampled_from(sorted(METHODS["time.Time"])), st.sampled_from(("", "1", "born", "pause")))
def test_any_call_of_a_method_is_a_value_or_our_error(name: str, argument: str) -> None:
    try:
        value = evaluate(f"born.{name}({argument})")
    except ExpressionError:
        return

    assert type_name(value) != "unknown"


@given(st.sampled_from(("date", "duration", "timezone")), st.text(max_size=20))
def test_any_text_makes_a_value_or_our_error(name: str, text: str) -> None:
    kind = {"date": "time.Time", "duration": "time.Duration", "timezone": "*time.Location"}[name]
    try:
        value = compile_expression(f"{name}(text)").evaluate({"text": text})
    except ExpressionError:
        return

    assert type_name(value) == kind


def test_a_round_of_hours_is_exact() -> None:
    assert evaluate("duration('1h') * 24") == Duration(24 * HOUR)
