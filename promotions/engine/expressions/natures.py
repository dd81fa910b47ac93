"""What is known of a value's type before evaluation."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """Kinds of values, by Go's names where it has one."""

    UNKNOWN = "unknown"
    NIL = "nil"
    BOOL = "bool"
    INT = "int"
    FLOAT = "float64"
    STRING = "string"
    BYTES = "[]uint8"
    ARRAY = "array"
    MAP = "map"
    FUNCTION = "func"


@dataclass(frozen=True, slots=True)
class Nature:
    """A kind, and of an array the kind that its elements share."""

    kind: Kind
    element: Kind = Kind.UNKNOWN

    def is_any_of(self, *kinds: Kind) -> bool:
        """Return whether the kind is one of these, or not known."""
        return self.kind is Kind.UNKNOWN or self.kind in kinds


UNKNOWN = Nature(Kind.UNKNOWN)
NIL = Nature(Kind.NIL)
BOOL = Nature(Kind.BOOL)
INT = Nature(Kind.INT)
FLOAT = Nature(Kind.FLOAT)
STRING = Nature(Kind.STRING)
BYTES = Nature(Kind.BYTES)
ARRAY = Nature(Kind.ARRAY)
MAP = Nature(Kind.MAP)
FUNCTION = Nature(Kind.FUNCTION)

NUMBERS = (Kind.INT, Kind.FLOAT)

PARAMETERS: dict[str, tuple[Kind, ...]] = {
    "string": (Kind.STRING,),
    "int": (Kind.INT,),
    "number": NUMBERS,
    "number or string": (*NUMBERS, Kind.STRING),
    "array": (Kind.ARRAY, Kind.BYTES),
    "map": (Kind.MAP,),
    "sized": (Kind.ARRAY, Kind.BYTES, Kind.MAP, Kind.STRING),
    "indexable": (Kind.ARRAY, Kind.BYTES, Kind.MAP, Kind.STRING, Kind.NIL),
}
"""Which kinds a parameter of a builtin takes, by the name its declaration uses."""
