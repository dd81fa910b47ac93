"""Numbers are written as Go writes them."""

import math

import pytest
from hypothesis import given, strategies as st

from promotions.engine.analysis.rendering import go_decimal, go_float


@pytest.mark.parametrize(
    ("value", "text", "decimal"),
    [
        (5.0, "5", "5"),
        (-0.25, "-0.25", "-0.25"),
        (1234567.5, "1234567.5", "1234567.5"),
        (1e20, "100000000000000000000", "100000000000000000000"),
        (1e21, "1e+21", "1000000000000000000000"),
        (-1.5e22, "-1.5e+22", "-15000000000000000000000"),
        (1e-6, "0.000001", "0.000001"),
        (1e-7, "1e-7", "0.0000001"),
        (-1.25e-9, "-1.25e-9", "-0.00000000125"),
        (0.0, "0", "0"),
        (-0.0, "-0", "-0"),
        (0.1 + 0.2, "0.30000000000000004", "0.30000000000000004"),
        (math.inf, "+Inf", "+Inf"),
        (-math.inf, "-Inf", "-Inf"),
        (math.nan, "NaN", "NaN"),
    ],
)
def test_a_number_is_short_and_has_an_exponent_only_when_it_is_extreme(
    value: float, text: str, decimal: str
) -> None:
    assert go_float(value) == text
    assert go_decimal(value) == decimal


@given(st.floats(allow_nan=False))
def test_both_forms_read_back_as_the_number(value: float) -> None:
    assert float(go_float(value)) == float(go_decimal(value)) == value
    assert "e" not in go_decimal(value)
