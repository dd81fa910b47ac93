"""Writes what was measured as Go would, for people and for the ``value`` of a measurement."""

import math

from promotions.engine.expressions.gojson import write_json
from promotions.engine.expressions.values import format_float


def go_float(value: float) -> str:
    """Return the number in the shortest form that reads back: ``5``, ``0.25``, ``NaN``, ``+Inf``.

    There is an exponent only below 1e-6 and from 1e21 on, as in JSON.
    """
    return write_json(float(value)) if math.isfinite(value) else format_float(value)


def go_decimal(value: float) -> str:
    """Return the number as :func:`go_float` does, but never with an exponent."""
    text = go_float(value)
    mantissa, mark, exponent = text.partition("e")
    if not mark:
        return text
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    digits, place = whole + fraction, len(whole) + int(exponent)
    if place <= 0:
        return f"{sign}0.{'0' * -place}{digits}"
    return f"{sign}{digits.ljust(place, '0')}"
