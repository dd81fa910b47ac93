"""Raises to a power to the last bit as Go does; the C library rounds otherwise.

Source: Go ``math/pow.go``, ``math/exp_amd64.s`` (with fused multiply-add), ``math/log.go``.
"""

import math
import sys
from fractions import Fraction

_LARGEST_EXPONENT = 1 << 12
_LARGEST_INTEGER = 2.0**63
_LOG2_E = 1.4426950408889634
_LN2_UPPER = 0.69314718055966295651160180568695068359375
_LN2_LOWER = 0.28235290563031577122588448175013436025525412068e-12
_TAYLOR = (
    *(1.9841269841269841270e-4, 1.3888888888888888889e-3, 8.3333333333333333333e-3),
    *(4.1666666666666666667e-2, 1.6666666666666666667e-1, 0.5, 1.0),
)
_TAYLOR_LAST = 2.4801587301587301587e-5
_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10
_LOG_ODD = (6.666666666666735130e-01, 2.857142874366239149e-01, 1.818357216161805012e-01)
_LOG_ODD_LAST = 1.479819860511658591e-01
_LOG_EVEN = (3.999999999940941908e-01, 2.222219843214978396e-01, 1.531383769920937332e-01)


def power(base: float, exponent: float) -> float:
    """Return ``base ** exponent`` with Go's special cases: it never fails."""
    special = _special_power(base, exponent)
    if special is not None:
        return special
    fraction, whole = math.modf(abs(exponent))
    if fraction and base < 0:
        return math.nan
    if whole >= _LARGEST_INTEGER:
        return _extreme(base, grows=exponent > 0)
    mantissa, binary = 1.0, 0
    if fraction:
        if fraction > 0.5:  # noqa: PLR2004  a half
            fraction, whole = fraction - 1, whole + 1
        mantissa = exp(fraction * log(base))
    mantissa, binary = _whole_power(mantissa, base, int(whole))
    if exponent < 0:
        mantissa, binary = _quotient(1.0, mantissa), -binary
    return _ldexp(mantissa, binary)


def exp(value: float) -> float:
    """Return e raised to a number up to 700 either way, as Go's assembly for amd64 computes it."""
    binary = round(_LOG2_E * value)
    rest = _fused(-float(binary), _LN2_UPPER, value)
    rest = _fused(-float(binary), _LN2_LOWER, rest) * 0.0625
    series = _TAYLOR_LAST
    for coefficient in _TAYLOR:
        series = _fused(rest, series, coefficient)
    rest *= series
    for _ in range(3):
        rest *= rest + 2.0
    return _ldexp(_fused(rest + 2.0, rest, 1.0), binary)


def log(value: float) -> float:
    """Return the natural logarithm of a positive finite number.

    Go's assembly takes the bits of a subnormal number as if it were a normal one.
    """
    fraction, binary = math.frexp(value)
    if value < sys.float_info.min:
        fraction, binary = 0.5 + math.ldexp(math.ldexp(value, 1074), -53), -1022
    if fraction < math.sqrt(2) / 2:
        fraction, binary = fraction * 2, binary - 1
    offset = fraction - 1
    scaled = offset / (2 + offset)
    square = scaled * scaled
    fourth = square * square
    odd = square * (
        _LOG_ODD[0] + fourth * (_LOG_ODD[1] + fourth * (_LOG_ODD[2] + fourth * _LOG_ODD_LAST))
    )
    even = fourth * (_LOG_EVEN[0] + fourth * (_LOG_EVEN[1] + fourth * _LOG_EVEN[2]))
    half = 0.5 * offset * offset
    low = binary * _LN2_LOW
    return binary * _LN2_HIGH - ((half - (scaled * (half + (odd + even)) + low)) - offset)


def _special_power(base: float, exponent: float) -> float | None:
    if exponent == 0 or base == 1:
        return 1.0
    if exponent == 1 or math.isnan(base) or math.isnan(exponent):
        return exponent if math.isnan(exponent) else base
    if base == 0 or math.isinf(base) or math.isinf(exponent):
        return _power_at_the_ends(base, exponent)
    if abs(exponent) == 0.5:  # noqa: PLR2004  a root
        root = math.sqrt(base) if base >= 0 else math.nan
        return root if exponent > 0 else _quotient(1.0, root)
    return None


def _power_at_the_ends(base: float, exponent: float) -> float:
    """Return the power where the base is zero or one of the two is infinite."""
    if base == 0:
        size = math.inf if exponent < 0 else 0.0
        return math.copysign(size, base) if _is_odd(exponent) else size
    if math.isinf(exponent):
        return _extreme(base, grows=exponent > 0)
    size = 0.0 if exponent < 0 else math.inf
    return -size if base < 0 and _is_odd(exponent) else size


def _extreme(base: float, *, grows: bool) -> float:
    if base == -1:
        return 1.0
    return 0.0 if (abs(base) < 1) == grows else math.inf


def _whole_power(mantissa: float, base: float, exponent: int) -> tuple[float, int]:
    """Multiply by the successive squares of the base; return mantissa and binary exponent."""
    square, square_binary = math.frexp(base)
    binary = 0
    while exponent:
        if abs(square_binary) > _LARGEST_EXPONENT:
            binary += square_binary
            break
        if exponent & 1:
            mantissa *= square
            binary += square_binary
        square *= square
        square_binary <<= 1
        if square < 0.5:  # noqa: PLR2004  a mantissa is at least a half
            square += square
            square_binary -= 1
        exponent >>= 1
    return mantissa, binary


def _is_odd(value: float) -> bool:
    return math.isfinite(value) and value % 2 == 1


def _fused(left: float, right: float, addend: float) -> float:
    """Return ``left * right + addend``, rounded once."""
    return float(Fraction(left) * Fraction(right) + Fraction(addend))


def _quotient(left: float, right: float) -> float:
    return left / right if right else math.copysign(math.inf, right)


def _ldexp(mantissa: float, binary: int) -> float:
    try:
        return math.ldexp(mantissa, binary)
    except OverflowError:
        return math.copysign(math.inf, mantissa)
