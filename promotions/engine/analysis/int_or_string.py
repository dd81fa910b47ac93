"""Numbers that manifests may also write as strings, so that an argument can stand for them.

Source: Kubernetes ``intstr.IntOrString``.
"""

import re
from typing import TypeAlias

IntOrString: TypeAlias = int | str

LARGEST_INT32 = 2**31 - 1
_LARGEST_INT64 = 2**63 - 1
_LONGEST = 4096
_DECIMAL = re.compile(r"[+-]?[0-9]+", re.ASCII)


def int_value(value: IntOrString | None, *, default: int = 0) -> int:
    """Return the number: ``default`` for nothing, 0 for a string that is none.

    A string beyond 64 bits is the number nearest to it.
    """
    if value is None:
        return default
    if isinstance(value, int):
        return value
    if _DECIMAL.fullmatch(value) is None:
        return 0
    if len(value) > _LONGEST:
        number = -_LARGEST_INT64 - 1 if value.startswith("-") else _LARGEST_INT64
        return number if value.strip("+-0") else 0
    return min(max(int(value), -_LARGEST_INT64 - 1), _LARGEST_INT64)


def int32_value(value: IntOrString | None, *, default: int = 0) -> int:
    """Return the number as counters are compared with it: the lower 32 bits, signed."""
    number = int_value(value, default=default)
    return (number + LARGEST_INT32 + 1) % (1 << 32) - LARGEST_INT32 - 1
