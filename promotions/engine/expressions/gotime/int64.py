"""How 64-bit integers overflow, as Go's do."""

LARGEST = 2**63 - 1
SMALLEST = -(2**63)

_UNSIGNED = 1 << 64


def wrap(value: int) -> int:
    """Return the number as signed 64-bit arithmetic leaves it."""
    if SMALLEST <= value <= LARGEST:
        return value
    return (value - SMALLEST) % _UNSIGNED + SMALLEST


def wrap_unsigned(value: int) -> int:
    """Return the number as unsigned 64-bit arithmetic leaves it."""
    return value % _UNSIGNED


def truncated_divmod(value: int, divisor: int) -> tuple[int, int]:
    """Return quotient and rest as Go divides: towards zero, the rest with the sign of ``value``."""
    quotient, rest = divmod(abs(value), divisor)
    return (quotient, rest) if value >= 0 else (-quotient, -rest)
