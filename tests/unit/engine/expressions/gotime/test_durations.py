import pytest
from hypothesis import given, strategies as st

from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.gotime.durations import (
    HOUR,
    MINUTE,
    SECOND,
    Duration,
    format_duration,
    parse_duration,
)
from promotions.engine.expressions.gotime.int64 import LARGEST, SMALLEST

INT64 = st.integers(SMALLEST, LARGEST)


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("0", 0),
        ("-0", 0),
        ("2h45m", 2 * HOUR + 45 * MINUTE),
        ("+3s", 3 * SECOND),
        ("-.5m", -30 * SECOND),
        ("1.h", HOUR),
        ("4us", 4_000),
        ("4\u00b5s", 4_000),
        ("4\u03bcs", 4_000),
        ("1s1h", HOUR + SECOND),
        ("0.3333333333333333333h", 20 * MINUTE),
        ("-9223372036854775808ns", SMALLEST),
        ("9223372036854775807ns", LARGEST),
        ("9223372036854775808ns9223372036854775808ns", 0),  # Go's own unsigned overflow
    ],
)
def test_a_duration_is_read(text: str, ns: int) -> None:
    assert parse_duration(text) == Duration(ns)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "+",
        "1",
        "h",
        "1 h",
        ".h",
        "1.2.3s",
        "--1s",
        "1y",
        "1S",
        "1\uff11s",
        "9223372036854775808ns",
    ],
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(OperandError, match=r"^time: "):
        parse_duration(text)


def test_a_message_escapes_what_cannot_be_printed() -> None:
    with pytest.raises(OperandError, match=r'unknown unit "\\x0a\\xc3\\xa9" in duration'):
        parse_duration("1\n\u00e9")


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "0s"),
        (1, "1ns"),
        (1_100, "1.1\u00b5s"),
        (2_200_000, "2.2ms"),
        (SECOND, "1s"),
        (HOUR + 5 * SECOND + 10_000_000, "1h0m5.01s"),
        (-MINUTE, "-1m0s"),
        (SMALLEST, "-2562047h47m16.854775808s"),
    ],
)
def test_a_duration_is_printed(ns: int, text: str) -> None:
    assert format_duration(ns) == text


@pytest.mark.parametrize(
    ("ns", "unit", "rounded", "truncated"),
    [
        (90 * SECOND, MINUTE, 120 * SECOND, MINUTE),
        (-90 * SECOND, MINUTE, -120 * SECOND, -MINUTE),
        (89 * SECOND, MINUTE, MINUTE, MINUTE),
        (7, 0, 7, 7),
        (7, -1, 7, 7),
        (LARGEST, HOUR, LARGEST, LARGEST // HOUR * HOUR),
        (LARGEST, SECOND, LARGEST, LARGEST // SECOND * SECOND),
        (SMALLEST, SECOND, SMALLEST, -(LARGEST // SECOND) * SECOND),
    ],
)
def test_a_duration_is_rounded(ns: int, unit: int, rounded: int, truncated: int) -> None:
    assert Duration(ns).rounded(Duration(unit)) == Duration(rounded)
    assert Duration(ns).truncated(Duration(unit)) == Duration(truncated)


def test_units_keep_the_precision_of_whole_and_fraction() -> None:
    assert Duration(3 * HOUR + 1).in_unit(HOUR) == 3.0000000000002776
    assert Duration(-1_500).whole_units(1_000) == -1


def test_the_longest_negative_duration_has_an_absolute_value() -> None:
    assert Duration(SMALLEST).absolute() == Duration(LARGEST)


@given(INT64)
def test_what_is_printed_reads_back(ns: int) -> None:
    assert parse_duration(format_duration(ns)) == Duration(ns)


@given(st.text(alphabet="0123456789.+-nu\u00b5\u03bcmshx ", max_size=30) | st.text(max_size=10))
def test_any_text_is_a_duration_or_our_error(text: str) -> None:
    try:
        found = parse_duration(text)
    except OperandError:
        return
    assert SMALLEST <= found.ns <= LARGEST
