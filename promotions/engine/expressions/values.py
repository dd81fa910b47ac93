"""The values that expressions compute with, and how Go would compare and print them.

``int`` is Go's int64, ``float`` float64, ``str`` a string whose bytes that are not UTF-8 are kept
as surrogates, ``bytes`` []byte, lists and tuples slices, mappings maps, ``datetime`` time.Time.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from promotions.engine.expressions.errors import OperandError

LARGEST_INT = 2**63 - 1
_INT_BITS = 64
_UNSIGNED = 1 << _INT_BITS
_SHORTEST_EXPONENT = -4
_LONGEST_EXPONENT = 6


class NamedInt(int):
    """An integer of a Go type other than int, such as ``uint8`` or ``time.Month``."""

    go_type: str
    label: str

    def __new__(cls, value: int, go_type: str, label: str = "") -> Self:
        """Return the number; ``label`` is what Go prints for it."""
        number = super().__new__(cls, value)
        number.go_type = go_type
        number.label = label or str(value)
        return number


class AnyMap(dict[object, object]):
    """A map whose keys may be anything, as ``groupBy`` and ``fromPairs`` make.

    Attributes:
        missing: What a key that is absent gives.
    """

    def __init__(self, entries: Mapping[object, object], *, missing: object = None) -> None:
        super().__init__(entries)
        self.missing = missing


@dataclass(frozen=True, slots=True)
class Function:
    """A function that an expression may call.

    Attributes:
        call: Takes the arguments; raises OperandError or a PlatformError.
        least: How many arguments it needs.
        most: How many it takes; ``None`` is any number.
        parameters: Go type names that the arguments must have; ``any`` takes all.
    """

    name: str
    call: Callable[[Sequence[object]], object]
    least: int = 0
    most: int | None = None
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """An object addressed by Go field names, such as a commit; nothing else of it can be reached.

    Attributes:
        type_name: Go's name of the type.
        fields: Values by Go name.
        methods: Functions by Go name.
        shown: What it becomes in JSON.
        text: What Go prints for it.
    """

    type_name: str
    fields: Mapping[str, object] = field(default_factory=dict)
    methods: Mapping[str, Function] = field(default_factory=dict)
    shown: object = None
    text: str = ""

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Record)
            and self.type_name == other.type_name
            and self.fields == other.fields
        )

    def __hash__(self) -> int:
        return hash(self.type_name)


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """A length of time in nanoseconds."""

    ns: int

    def __str__(self) -> str:
        return format_duration(self.ns)


@dataclass(frozen=True, slots=True)
class Location:
    """A time zone by name."""

    name: str


def wrap_int(value: int) -> int:
    """Return ``value`` as 64-bit arithmetic leaves it."""
    if -LARGEST_INT - 1 <= value <= LARGEST_INT:
        return value
    return (value + LARGEST_INT + 1) % _UNSIGNED - LARGEST_INT - 1


def is_int(value: object) -> bool:
    """Return whether the value is a Go integer."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: object) -> bool:
    """Return whether the value is a Go integer or float."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_array(value: object) -> bool:
    """Return whether the value is a Go slice, byte slices included."""
    return isinstance(value, (list, tuple, bytes))


def type_name(value: object) -> str:
    """Return Go's name of the value's type, for messages."""
    if isinstance(value, NamedInt):
        return value.go_type
    if isinstance(value, Record):
        return value.type_name
    for kind, name in _TYPE_NAMES:
        if isinstance(value, kind):
            return name
    return "unknown"


def as_text(value: object) -> str:
    """Return the value if it is a string.

    Raises:
        OperandError: It is something else.
    """
    if isinstance(value, str):
        return value
    raise OperandError(f"interface conversion: interface {{}} is {type_name(value)}, not string")


def as_bool(value: object) -> bool:
    """Return the value if it is a boolean.

    Raises:
        OperandError: It is something else.
    """
    if isinstance(value, bool):
        return value
    raise OperandError(f"interface conversion: interface {{}} is {type_name(value)}, not bool")


def as_int(value: object) -> int:
    """Return the value as an integer; a float loses its fraction.

    Raises:
        OperandError: It is no number.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise OperandError(f"invalid operation: int({type_name(value)})")
    if isinstance(value, float):
        return float_to_int(value)
    return value + 0  # a named integer becomes a plain one


def as_sequence(value: object) -> Sequence[object]:
    """Return the value if it is an array.

    Raises:
        OperandError: It is something else.
    """
    if isinstance(value, (list, tuple, bytes)):
        return value
    raise OperandError(f"expected an array, not {type_name(value)}")


def float_to_int(value: float) -> int:
    """Return the number without its fraction; what does not fit becomes the smallest integer."""
    if math.isnan(value) or not -(2.0**63) <= value < 2.0**63:
        return -LARGEST_INT - 1
    return int(value)


def equals(left: object, right: object) -> bool:
    """Return whether two values are equal, as ``==`` sees it."""
    if left is None or right is None:
        return left is right
    if is_number(left) and is_number(right):
        return left == right
    if is_array(left) and is_array(right):
        return _equal_items(as_sequence(left), as_sequence(right))
    return _identical(left, right)


def format_value(value: object) -> str:
    """Return what Go's ``%v`` prints."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format_float(value)
    if isinstance(value, Mapping):
        pairs = ((format_value(key), format_value(it)) for key, it in value.items())
        return f"map[{' '.join(f'{key}:{it}' for key, it in sorted(pairs))}]"
    if isinstance(value, (list, tuple, bytes)):
        return f"[{' '.join(format_value(it) for it in value)}]"
    return _format_scalar(value)


def format_float(value: float) -> str:
    """Return the shortest text that reads back as the number, the way Go writes it."""
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if math.isnan(value):
        return "NaN"
    sign = "-" if math.copysign(1, value) < 0 else ""
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    digits = (whole + fraction).lstrip("0")
    power = int(exponent or 0) + len(whole) - 1
    if whole.strip("0") == "" and digits:
        power = int(exponent or 0) - (len(fraction) - len(digits)) - 1
    digits = digits.rstrip("0") or "0"
    if digits == "0":
        return f"{sign}0"
    if _SHORTEST_EXPONENT <= power < _LONGEST_EXPONENT:
        return sign + _plain(digits, power)
    rest = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{rest}e{'-' if power < 0 else '+'}{abs(power):02d}"


def format_duration(ns: int) -> str:
    """Return a duration as Go prints it, such as ``1h30m0s`` or ``1.5ms``."""
    sign, rest = ("-", -ns) if ns < 0 else ("", ns)
    if rest == 0:
        return "0s"
    for unit, size in (("ns", 1), ("µs", 1_000), ("ms", 1_000_000)):
        if rest < size * 1000:
            return f"{sign}{_fraction(rest, size)}{unit}"
    minutes, seconds = divmod(rest, 60 * 1_000_000_000)
    hours, minutes = divmod(minutes, 60)
    text = f"{_fraction(seconds, 1_000_000_000)}s"
    text = f"{minutes}m{text}" if hours or minutes else text
    return f"{sign}{hours}h{text}" if hours else sign + text


def format_time(value: datetime) -> str:
    """Return a time as RFC 3339 text."""
    text = value.replace(microsecond=0).isoformat()
    fraction = f"{value.microsecond:06d}".rstrip("0")
    cut = len("2006-01-02T15:04:05")
    zone = text[cut:].replace("+00:00", "Z")
    return f"{text[:cut]}{f'.{fraction}' if fraction else ''}{zone}"


_TYPE_NAMES: tuple[tuple[type, str], ...] = (
    (type(None), "<nil>"),
    (bool, "bool"),
    (int, "int"),
    (float, "float64"),
    (str, "string"),
    (bytes, "[]uint8"),
    (list, "[]interface {}"),
    (tuple, "[]interface {}"),
    (AnyMap, "map[interface {}]interface {}"),
    (Mapping, "map[string]interface {}"),
    (Function, "func"),
    (datetime, "time.Time"),
    (Duration, "time.Duration"),
    (Location, "*time.Location"),
)


def _equal_items(left: Sequence[object], right: Sequence[object]) -> bool:
    return len(left) == len(right) and all(map(equals, left, right))


def _identical(left: object, right: object) -> bool:
    """Compare as Go's reflect.DeepEqual: types must agree all the way down."""
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        return len(left) == len(right) and all(map(_identical, left, right))
    if type_name(left) != type_name(right):
        return False
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(
            _identical(left[key], right[key]) for key in left
        )
    return left == right


def _format_scalar(value: object) -> str:
    if value is None:
        return "<nil>"
    if isinstance(value, NamedInt):
        return value.label
    if isinstance(value, (Record, Location)):
        return value.text if isinstance(value, Record) else value.name
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S %z %Z")
    return str(value)


def _plain(digits: str, power: int) -> str:
    if power < 0:
        return f"0.{'0' * (-power - 1)}{digits}"
    if len(digits) <= power + 1:
        return digits.ljust(power + 1, "0")
    return f"{digits[: power + 1]}.{digits[power + 1 :]}"


def _fraction(value: int, size: int) -> str:
    whole, rest = divmod(value, size)
    if not rest:
        return str(whole)
    return f"{whole}.{str(rest).zfill(len(str(size)) - 1).rstrip('0')}"
