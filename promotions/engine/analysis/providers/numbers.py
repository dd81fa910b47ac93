"""Reads numbers out of text as Go's ``strconv`` does, and prints them as ``fmt`` does."""

import math
import re

from promotions.engine.analysis.condition_functions import as_float, as_int
from promotions.engine.analysis.providers.errors import ResponseError
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.values import format_float
from promotions.engine.goquote import go_quote

_LARGEST_UNSIGNED = 2**64 - 1
_UNSIGNED = re.compile(r"[0-9]{1,20}", re.ASCII)


def read_float(text: str) -> float:
    """Return the number, infinities and NaN included.

    Raises:
        ResponseError: It is none, or too large; the message is Go's.
    """
    try:
        return as_float(text)
    except OperandError as error:
        raise ResponseError(str(error)) from error


def read_int(text: str) -> int:
    """Return the whole number of 64 bits.

    Raises:
        ResponseError: It is none, or out of range; the message is Go's.
    """
    try:
        return as_int(text)
    except OperandError as error:
        raise ResponseError(str(error)) from error


def read_unsigned(text: str) -> int:
    """Return the whole number of 64 bits that is not negative.

    Raises:
        ResponseError: It is none, or out of range; the message is Go's.
    """
    if _UNSIGNED.fullmatch(text) is None:
        raise ResponseError(f"strconv.ParseUint: parsing {go_quote(text)}: invalid syntax")
    if int(text) > _LARGEST_UNSIGNED:
        raise ResponseError(f"strconv.ParseUint: parsing {go_quote(text)}: value out of range")
    return int(text)


def fixed(value: float, digits: int) -> str:
    """Return the number with that many digits after the point, as ``%.2f`` prints it."""
    return f"{value:.{digits}f}" if math.isfinite(value) else format_float(value)
