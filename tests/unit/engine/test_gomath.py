import math

import pytest

from promotions.engine.gomath import power


@pytest.mark.parametrize(
    ("base", "exponent", "result"),
    [
        (2.0, 10.0, 1024.0),
        (1.1, 10.0, 2.593742460100002),
        (10.0, -5.0, 1e-05),
        (3.7, 2.3, 20.270476851916438),
        (0.3, 0.7, 0.4305116202499342),
        (2.0, 0.5, math.sqrt(2)),
        (4.0, -0.5, 0.5),
        (-8.0, 3.0, -512.0),
        (5e-324, 0.25, 1.0270193092081002e-77),
        (2.0, 2000.5, math.inf),
        (2.0, 1e300, math.inf),
        (2.0, 24577.0, math.inf),
        (1e300, -65537.0, 0.0),
        (0.5, 1e300, 0.0),
        (2.0, -1074.0, 5e-324),
        (2.0, 1024.0, math.inf),
        (-2.0, 1025.0, -math.inf),
        (10.0, 308.9, math.inf),
        (1e-300, 1.5, 0.0),
        (1.5, 1e19, math.inf),
        (0.5, 1e19, 0.0),
        (-1.0, 1e19, 1.0),
        (-1.0, math.inf, 1.0),
        (0.5, math.inf, 0.0),
        (0.5, -math.inf, math.inf),
        (0.0, -3.0, math.inf),
        (-0.0, -3.0, -math.inf),
        (-0.0, 2.0, 0.0),
        (-math.inf, 3.0, -math.inf),
        (-math.inf, -2.0, 0.0),
        (math.inf, 0.5, math.inf),
        (7.0, 0.0, 1.0),
        (1.0, math.nan, 1.0),
    ],
)
def test_a_power_is_exact_to_the_last_bit(base: float, exponent: float, result: float) -> None:
    assert power(base, exponent) == result


@pytest.mark.parametrize(
    ("base", "exponent"), [(math.nan, 2.0), (2.0, math.nan), (-8.0, 1 / 3), (-4.0, 0.5)]
)
def test_what_has_no_power_gives_no_number(base: float, exponent: float) -> None:
    assert math.isnan(power(base, exponent))


def test_a_negative_zero_keeps_its_sign() -> None:
    assert math.copysign(1, power(-0.0, 3.0)) == -1
