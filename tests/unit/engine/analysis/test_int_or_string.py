"""Numbers may be written as strings, and read as Go reads them."""

import pytest
from hypothesis import given, strategies as st

from promotions.engine.analysis.int_or_string import int32_value, int_value


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("3", 3),
        ("+3", 3),
        ("-1", -1),
        ("007", 7),
        ("", 0),
        (" 3", 0),
        ("3 ", 0),
        ("3.0", 0),
        ("1e3", 0),
        ("0x10", 0),
        ("1_000", 0),
        ("\u0663", 0),
        ("three", 0),
        ("{{args.n}}", 0),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", 2**63 - 1),
        ("-9999999999999999999", -(2**63)),
        ("9" * 100_000, 2**63 - 1),
        ("-" + "9" * 100_000, -(2**63)),
        ("0" * 100_000, 0),
    ],
)
def test_a_string_is_the_decimal_it_states_or_nothing(value: int | str, number: int) -> None:
    assert int_value(value) == number


@given(st.integers(-(2**31), 2**31 - 1))
def test_a_number_and_its_decimal_are_the_same(number: int) -> None:
    assert int_value(number) == int_value(str(number)) == int32_value(number) == number


def test_an_absent_number_is_the_default() -> None:
    assert int_value(None) == 0
    assert int_value(None, default=4) == 4
    assert int32_value(None, default=4) == 4


@pytest.mark.parametrize(
    ("value", "number"),
    [(7, 7), ("2147483647", 2**31 - 1), ("2147483648", -(2**31)), ("4294967297", 1)],
)
def test_counters_are_compared_with_the_lower_32_bits(value: int | str, number: int) -> None:
    assert int32_value(value) == number


@given(st.text())
def test_any_string_reads_as_some_number_of_32_bits(text: str) -> None:
    assert -(2**31) <= int32_value(text) < 2**31
