"""What is known of a value before evaluation: its Go type, as far as the text and environment say.

Source: https://github.com/expr-lang/expr ``checker/nature``.
"""

from dataclasses import dataclass, replace
from enum import StrEnum


class Kind(StrEnum):
    """What a Go type is made of, as Go's reflect.Kind."""

    INVALID = "invalid"
    BOOL = "bool"
    INT = "int"
    INT64 = "int64"
    UINT8 = "uint8"
    UINT64 = "uint64"
    FLOAT = "float64"
    STRING = "string"
    SLICE = "slice"
    ARRAY = "array"
    MAP = "map"
    STRUCT = "struct"
    FUNC = "func"
    POINTER = "ptr"
    INTERFACE = "interface"


_INTEGERS = frozenset({"int", "int64", "uint8", "uint64"})
_NIL_TAKERS = frozenset({Kind.POINTER, Kind.INTERFACE, Kind.FUNC, Kind.MAP, Kind.SLICE})
_ARRAYS = frozenset({Kind.SLICE, Kind.ARRAY})


@dataclass(frozen=True, slots=True)
class Signature:
    """What a function takes and gives.

    Attributes:
        parameters: The types of the arguments; of the last one, if variadic, those of the rest.
        results: The types of what it returns, without a final error.
        variadic: Whether the last parameter may be given any number of times.
        built_in: The name of the function of the language, whose own rules apply.
    """

    parameters: tuple["Nature", ...] = ()
    results: tuple["Nature", ...] = ()
    variadic: bool = False
    built_in: str = ""


@dataclass(frozen=True, slots=True)
class Nature:
    """What is known of one value.

    Attributes:
        name: Go's name of the type; empty if nothing is known, and for nil.
        kind: The kind of the type.
        element: What the elements of an array or map are.
        key: What the keys of a map are.
        signature: How a function can be called.
        is_nil: Whether it is the value nil.
    """

    name: str = ""
    kind: Kind = Kind.INVALID
    element: "Nature | None" = None
    key: "Nature | None" = None
    signature: Signature | None = None
    is_nil: bool = False

    def __str__(self) -> str:
        return self.name or "unknown"

    @property
    def is_unknown(self) -> bool:
        """Whether any value is possible."""
        return self.kind is Kind.INTERFACE or (not self.name and not self.is_nil)

    @property
    def is_integer(self) -> bool:
        """Whether it is one of Go's own integer types; a named type such as Month is not."""
        return self.name in _INTEGERS

    @property
    def is_number(self) -> bool:
        """Whether it is one of Go's own number types."""
        return self.name in _INTEGERS or self.name == FLOAT.name

    @property
    def is_array(self) -> bool:
        """Whether it is a slice or an array."""
        return self.kind in _ARRAYS

    def elements(self) -> "Nature":
        """Return what the elements are, unknown if it has none."""
        return self.element or UNKNOWN

    def bare(self) -> "Nature":
        """Return what the Go type alone says, without what is known of this one's elements."""
        return _BY_NAME.get(self.name, self) if self.name else self

    def pointed_to(self) -> "Nature":
        """Return the nature of what a pointer points to, which operators look at."""
        return nature_named(self.name[1:]) if self.kind is Kind.POINTER else self

    def is_assignable_to(self, other: "Nature") -> bool:
        """Return whether a variable of the other's type could hold this."""
        if self.is_nil and other.kind in _NIL_TAKERS:
            return True
        if not self.name or not other.name:
            return False
        return other.kind is Kind.INTERFACE or self.name == other.name

    def is_comparable_to(self, other: "Nature") -> bool:
        """Return whether ``==`` makes sense between the two."""
        return (
            self.is_unknown
            or other.is_unknown
            or self.is_nil
            or other.is_nil
            or (self.is_number and other.is_number)
            or (self.is_array and other.is_array)
            or self.is_assignable_to(other)
        )


def array_of(element: Nature) -> Nature:
    """Return the nature of a ``[]any`` of which the elements are known."""
    return replace(ARRAY, element=element)


def function_of(name: str, signature: Signature) -> Nature:
    """Return the nature of a function."""
    return Nature(name, Kind.FUNC, signature=signature)


UNKNOWN = Nature()
NIL = Nature(is_nil=True)
ANY = Nature("interface {}", Kind.INTERFACE)
BOOL = Nature("bool", Kind.BOOL)
INT = Nature("int", Kind.INT)
INT64 = Nature("int64", Kind.INT64)
UINT8 = Nature("uint8", Kind.UINT8)
UINT64 = Nature("uint64", Kind.UINT64)
FLOAT = Nature("float64", Kind.FLOAT)
STRING = Nature("string", Kind.STRING)
ARRAY = Nature("[]interface {}", Kind.SLICE, element=ANY)
INTS = Nature("[]int", Kind.SLICE, element=INT)
FLOATS = Nature("[]float64", Kind.SLICE, element=FLOAT)
STRINGS = Nature("[]string", Kind.SLICE, element=STRING)
BYTES = Nature("[]uint8", Kind.SLICE, element=UINT8)
MAP = Nature("map[string]interface {}", Kind.MAP, element=ANY, key=STRING)
ANY_MAP = Nature("map[interface {}]interface {}", Kind.MAP, element=ANY, key=ANY)
GROUPS = Nature("map[interface {}][]interface {}", Kind.MAP, element=ARRAY, key=ANY)
TIME = Nature("time.Time", Kind.STRUCT)
DURATION = Nature("time.Duration", Kind.INT64)
LOCATION = Nature("*time.Location", Kind.POINTER)
MONTH = Nature("time.Month", Kind.INT)
WEEKDAY = Nature("time.Weekday", Kind.INT)

_BY_NAME = {
    nature.name: nature
    for nature in (
        *(ANY, BOOL, INT, INT64, UINT8, UINT64, FLOAT, STRING, ARRAY, INTS, FLOATS, STRINGS),
        *(BYTES, MAP, ANY_MAP, GROUPS, TIME, DURATION, LOCATION, MONTH, WEEKDAY),
    )
}


def nature_named(name: str) -> Nature:
    """Return the nature of a Go type by its name; what is not known here is a struct.

    Of the elements of a slice of such structs nothing is known.
    """
    if name.startswith("[]") and name not in _BY_NAME:
        return Nature(name, Kind.SLICE, element=_BY_NAME.get(name.removeprefix("[]"), ANY))
    kind = Kind.POINTER if name.startswith("*") else Kind.STRUCT
    return _BY_NAME.get(name) or Nature(name, kind)
