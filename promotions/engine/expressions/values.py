"""The values that expressions compute with, and what Go would call them.

``int`` is Go's int, ``float`` float64, ``str`` a string whose bytes that are not UTF-8 are kept as
surrogates, ``bytes`` []byte, lists and tuples []any, mappings map[string]any; what has another
type in Go has a class here or in ``gotime``.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Self

from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.gotime.durations import Duration
from promotions.engine.expressions.gotime.formatting import format_time
from promotions.engine.expressions.gotime.instants import Time
from promotions.engine.expressions.gotime.int64 import LARGEST, SMALLEST, wrap
from promotions.engine.expressions.gotime.zones import Location

LARGEST_INT = LARGEST

_ANY = "interface {}"
_HALF_PAIR = re.compile("[\ud800-\udc7f\udd00-\udfff]")
_SMALLEST_PLAIN_POWER = -4
_LARGEST_PLAIN_POWER = 6
_BUILT_IN_INTEGERS = frozenset(
    f"{sign}{bits}" for sign in ("int", "uint") for bits in ("", 8, 16, 32, 64)
)


class NamedInt(int):
    """An integer of a Go type other than int, such as ``uint8`` or ``time.Month``."""

    go_type: str
    label: str

    def __new__(cls, value: int, go_type: str, label: str = "") -> Self:
        """Return the number; ``label`` is what Go prints for it."""
        number = super().__new__(cls, value)
        number.go_type = go_type
        number.label = label or int.__repr__(number)
        return number


class TypedArray(list[object]):
    """A slice of another type than ``[]any``.

    Attributes:
        element: Go's name of the type of its elements.
    """

    __slots__ = ("element",)

    def __init__(self, items: Sequence[object], element: str) -> None:
        super().__init__(items)
        self.element = element


class PairArray(tuple[object, ...]):
    """A ``[2]any``, which ``toPairs`` makes."""

    __slots__ = ()


NIL_ARRAY = TypedArray((), _ANY)
NIL_STRINGS = TypedArray((), "string")
"""The ``[]any`` and the ``[]string`` that are nil."""


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """A key of an :class:`AnyMap`; unlike in Python, 1.0 and true are not the key 1."""

    value: object
    go_type: str

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Key) and self.go_type == other.go_type and self.value == other.value
        )

    def __hash__(self) -> int:
        return hash(self.value)


class AnyMap(dict[object, object]):
    """A map of another type than ``map[string]any``, such as ``groupBy`` and ``fromPairs`` make.

    Numbers, booleans and the like are held as :class:`Key`; use :meth:`put`, :meth:`find` and
    :func:`map_items`.

    Attributes:
        missing: What a key that is absent gives.
        go_type: Go's name of the type.
    """

    def __init__(
        self,
        entries: Mapping[object, object],
        *,
        missing: object = None,
        go_type: str = f"map[{_ANY}]{_ANY}",
    ) -> None:
        super().__init__(entries)
        self.missing = missing
        self.go_type = "map[string]string" if missing == "" else go_type

    def put(self, key: object, value: object) -> None:
        """Set the value for any key that Go could use.

        Raises:
            OperandError: The key is of a type that cannot be one.
        """
        self[_hashable(key)] = value

    def find(self, key: object) -> object:
        """Return the value for a key, or what stands for a missing one.

        Raises:
            OperandError: The key is of a type that cannot be one.
        """
        return self.get(_hashable(key), self.missing)

    def has(self, key: object) -> bool:
        """Return whether there is such a key.

        Raises:
            OperandError: The key is of a type that cannot be one.
        """
        return _hashable(key) in self


NIL_TEXTS = AnyMap({}, missing="")
"""The ``map[string]string`` that is nil: it reads as empty."""


def map_items(mapping: Mapping[object, object]) -> Iterator[tuple[object, object]]:
    """Yield the keys and values of a map, the keys as the values they are."""
    for key, value in mapping.items():
        yield (key.value if isinstance(key, Key) else key), value


@dataclass(frozen=True, slots=True)
class Function:
    """A function that an expression may call.

    Attributes:
        call: Takes the arguments; raises OperandError or a PlatformError.
        least: How many arguments it needs.
        most: How many it takes; ``None`` is any number.
        parameters: Go type names that the arguments must have; ``any`` takes all.
        result: Go's name of the type of what it returns.
    """

    name: str
    call: Callable[[Sequence[object]], object]
    least: int = 0
    most: int | None = None
    parameters: tuple[str, ...] = ()
    result: str = "any"

    def __str__(self) -> str:
        return "func"


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


def is_nil(value: object) -> bool:
    """Return whether the value is nil, of whatever type."""
    return value is None or value is NIL_ARRAY or value is NIL_STRINGS or value is NIL_TEXTS


def is_int(value: object) -> bool:
    """Return whether the value is of one of Go's own integer types."""
    if isinstance(value, NamedInt):
        return value.go_type in _BUILT_IN_INTEGERS
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: object) -> bool:
    """Return whether the value is of one of Go's own number types."""
    return isinstance(value, float) or is_int(value)


def is_array(value: object) -> bool:
    """Return whether the value is a Go slice or array, byte slices included."""
    return isinstance(value, (list, tuple, bytes))


def type_name(value: object) -> str:
    """Return Go's name of the value's type."""
    name = _EXACT_TYPE_NAMES.get(type(value))
    if name is not None:
        return name
    if isinstance(value, (NamedInt, AnyMap)):
        return value.go_type
    if isinstance(value, Record):
        return value.type_name
    if isinstance(value, TypedArray):
        return f"[]{value.element}"
    return next((name for kind, name in _TYPE_NAMES if isinstance(value, kind)), "unknown")


def as_text(value: object) -> str:
    """Return the value if it is a string.

    Raises:
        OperandError: It is something else.
    """
    if isinstance(value, str):
        return value
    raise conversion_error(value, "string")


def as_bool(value: object) -> bool:
    """Return the value if it is a boolean.

    Raises:
        OperandError: It is something else.
    """
    if isinstance(value, bool):
        return value
    raise conversion_error(value, "bool")


def conversion_error(value: object, wanted: str) -> OperandError:
    """Return the error that a value is not of the type that it must have."""
    found = "nil" if value is None else type_name(value)
    return OperandError(f"interface conversion: interface {{}} is {found}, not {wanted}")


def as_int(value: object) -> int:
    """Return a number as an integer; a float loses its fraction.

    Raises:
        OperandError: It is no number.
    """
    if isinstance(value, float):
        return float_to_int(value)
    if is_int(value):
        return wrap(int(value))  # type: ignore[call-overload]  # is_int
    raise OperandError(f"invalid operation: int({type_name(value)})")


def as_float(value: object) -> float:
    """Return a number as a float.

    Raises:
        OperandError: It is no number.
    """
    if is_number(value):
        return float(value)  # type: ignore[arg-type]  # is_number
    raise OperandError(f"invalid operation: float({type_name(value)})")


def float_to_int(value: float) -> int:
    """Return the number without its fraction; what does not fit becomes the smallest integer."""
    if math.isnan(value) or not -(2.0**63) <= value < 2.0**63:
        return SMALLEST
    return int(value)


def raw_bytes(text: str) -> bytes:
    """Return the bytes that Go has for a string; half a surrogate pair cannot be in one."""
    try:
        return text.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        return _HALF_PAIR.sub("\ufffd", text).encode(errors="surrogateescape")


def from_raw(raw: bytes) -> str:
    """Return the string that Go makes of bytes."""
    return raw.decode(errors="surrogateescape")


def format_value(value: object) -> str:
    """Return what Go's ``%v`` prints."""
    if isinstance(value, str):
        return value
    return next(text(value) for kind, text in _PRINTERS if isinstance(value, kind))


def format_float(value: float) -> str:
    """Return the shortest text that reads back as the number, the way Go writes it."""
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if math.isnan(value):
        return "NaN"
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    text = "".join(map(str, digits)).rstrip("0") or "0"
    minus = "-" if sign else ""
    power = len(digits) + int(exponent) - 1
    if text == "0":
        return f"{minus}0"
    if _SMALLEST_PLAIN_POWER <= power < _LARGEST_PLAIN_POWER:
        return minus + _plain(text, power)
    rest = f".{text[1:]}" if len(text) > 1 else ""
    return f"{minus}{text[0]}{rest}e{'-' if power < 0 else '+'}{abs(power):02d}"


def _plain(digits: str, power: int) -> str:
    if power < 0:
        return f"0.{'0' * (-power - 1)}{digits}"
    if len(digits) <= power + 1:
        return digits.ljust(power + 1, "0")
    return f"{digits[: power + 1]}.{digits[power + 1 :]}"


def _format_map(value: Mapping[object, object]) -> str:
    pairs = sorted(map_items(value), key=lambda pair: _print_order(pair[0]))
    return f"map[{' '.join(f'{format_value(key)}:{format_value(it)}' for key, it in pairs)}]"


def _print_order(key: object) -> tuple[int, object]:
    """Return where Go prints a key: first by type, in the order of its type descriptors."""
    rank = next((at for at, it in enumerate(_PRINT_ORDER) if isinstance(key, it)), -1)
    shown: object = key if isinstance(key, (int, float)) else raw_bytes(format_value(key))
    return rank, shown


def _format_items(value: Sequence[object]) -> str:
    return f"[{' '.join(map(format_value, value))}]"


def _hashable(key: object) -> object:
    """Return what stands for a key in a Python dictionary."""
    if key is None or isinstance(key, str) or type(key) is int:
        return key
    if isinstance(key, (int, float, Duration, Time, Location, Record, PairArray)):
        try:
            hash(key)
        except TypeError as error:
            raise OperandError("runtime error: hash of unhashable type") from error
        return Key(key, type_name(key))
    raise OperandError(f"runtime error: hash of unhashable type {type_name(key)}")


_TYPE_NAMES: tuple[tuple[type, str], ...] = (
    (type(None), "<nil>"),
    (bool, "bool"),
    (int, "int"),
    (float, "float64"),
    (str, "string"),
    (bytes, "[]uint8"),
    (list, f"[]{_ANY}"),
    (PairArray, f"[2]{_ANY}"),
    (tuple, f"[]{_ANY}"),
    (Mapping, f"map[string]{_ANY}"),
    (Function, "func"),
    (Time, "time.Time"),
    (Duration, "time.Duration"),
    (Location, "*time.Location"),
)

_PRINTERS: tuple[tuple[type, Callable[..., str]], ...] = (  # type: ignore[explicit-any]  # one type each
    (type(None), lambda _: "<nil>"),
    (bool, lambda value: "true" if value else "false"),
    (float, format_float),
    (Mapping, _format_map),
    (list, _format_items),
    (tuple, _format_items),
    (bytes, _format_items),
    (NamedInt, lambda value: value.label),
    (Record, lambda value: value.text),
    (Time, format_time),
    (object, str),
)
_EXACT_TYPE_NAMES = {**dict(_TYPE_NAMES), dict: f"map[string]{_ANY}"}
_PRINT_ORDER: tuple[type, ...] = (type(None), PairArray, str, NamedInt, bool, int, float)
