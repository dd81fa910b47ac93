"""What a parsed expression consists of; ``offset`` is where in the text a node belongs."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Nil:
    """``nil`` or ``null``."""

    offset: int


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal boolean, number, string or byte string."""

    value: bool | int | float | str | bytes
    offset: int


@dataclass(frozen=True, slots=True)
class Identifier:
    """A variable, of a ``let`` or of the environment."""

    name: str
    offset: int


@dataclass(frozen=True, slots=True)
class Pointer:
    """``#`` (the element), ``#index`` or ``#acc`` inside a predicate; the name is without ``#``."""

    name: str
    offset: int


@dataclass(frozen=True, slots=True)
class Unary:
    """An operator before its operand."""

    operator: str
    operand: "Node"
    offset: int


@dataclass(frozen=True, slots=True)
class Binary:
    """An operator between its operands."""

    operator: str
    left: "Node"
    right: "Node"
    offset: int


@dataclass(frozen=True, slots=True)
class Conditional:
    """``a ? b : c`` or ``if a { b } else { c }``."""

    condition: "Node"
    positive: "Node"
    negative: "Node"
    offset: int


@dataclass(frozen=True, slots=True)
class Member:
    """``target.key``, ``target[key]``, or either with ``?.``."""

    target: "Node"
    key: "Node"
    optional: bool
    offset: int


@dataclass(frozen=True, slots=True)
class Chain:
    """The extent of an optional access: a nil before ``?.`` makes the whole of it nil."""

    body: "Node"
    offset: int


@dataclass(frozen=True, slots=True)
class Slice:
    """``target[start:stop]``."""

    target: "Node"
    start: "Node | None"
    stop: "Node | None"
    offset: int


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function from the environment or of a method."""

    callee: "Node"
    arguments: tuple["Node", ...]
    offset: int


@dataclass(frozen=True, slots=True)
class Builtin:
    """A call of a function of the language."""

    name: str
    arguments: tuple["Node", ...]
    offset: int


@dataclass(frozen=True, slots=True)
class Predicate:
    """The body of a builtin such as ``filter``, evaluated once for each element."""

    body: "Node"
    offset: int


@dataclass(frozen=True, slots=True)
class ArrayLiteral:
    """``[a, b]``."""

    items: tuple["Node", ...]
    offset: int


@dataclass(frozen=True, slots=True)
class MapLiteral:
    """``{a: 1, (b): 2}``."""

    entries: tuple[tuple["Node", "Node"], ...]
    offset: int


@dataclass(frozen=True, slots=True)
class Let:
    """``let name = value; body``."""

    name: str
    value: "Node"
    body: "Node"
    offset: int


@dataclass(frozen=True, slots=True)
class Sequence:
    """``a; b``: all are evaluated, the last gives the value."""

    items: tuple["Node", ...]
    offset: int


Node: TypeAlias = (
    Nil
    | Constant
    | Identifier
    | Pointer
    | Unary
    | Binary
    | Conditional
    | Member
    | Chain
    | Slice
    | Call
    | Builtin
    | Predicate
    | ArrayLiteral
    | MapLiteral
    | Let
    | Sequence
)
