"""What a parsed expression consists of.

Every node has an ``offset``, where in the text it belongs, and a ``nature``, what the checker
found out about its value. Neither counts when nodes are compared.

Source: https://github.com/expr-lang/expr ``ast``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from promotions.engine.expressions.natures import UNKNOWN, Nature


@dataclass(slots=True)
class _Placed:
    offset: int = field(kw_only=True, compare=False)
    nature: Nature = field(default=UNKNOWN, kw_only=True, compare=False)


@dataclass(slots=True)
class Nil(_Placed):
    """``nil``."""


@dataclass(slots=True)
class Constant(_Placed):
    """A literal boolean, number, string or byte string, or what was computed from literals."""

    value: object


@dataclass(slots=True)
class Identifier(_Placed):
    """A variable, of a ``let`` or of the environment."""

    name: str


@dataclass(slots=True)
class Pointer(_Placed):
    """``#`` (the element), ``#index`` or ``#acc`` inside a predicate; the name is without ``#``."""

    name: str


@dataclass(slots=True)
class Unary(_Placed):
    """An operator before its operand."""

    operator: str
    operand: "Node"


@dataclass(slots=True)
class Binary(_Placed):
    """An operator between its operands."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(slots=True)
class Conditional(_Placed):
    """``a ? b : c`` or ``if a { b } else { c }``."""

    condition: "Node"
    positive: "Node"
    negative: "Node"


@dataclass(slots=True)
class Member(_Placed):
    """``target.key``, ``target[key]``, or either with ``?.``."""

    target: "Node"
    key: "Node"
    optional: bool


@dataclass(slots=True)
class Chain(_Placed):
    """The extent of an optional access: a nil before ``?.`` makes the whole of it nil."""

    body: "Node"


@dataclass(slots=True)
class Slice(_Placed):
    """``target[start:stop]``."""

    target: "Node"
    start: "Node | None"
    stop: "Node | None"


@dataclass(slots=True)
class Call(_Placed):
    """A call of a function from the environment or of a method."""

    callee: "Node"
    arguments: list["Node"]


@dataclass(slots=True)
class Builtin(_Placed):
    """A call of a function of the language.

    Attributes:
        name: The function.
        arguments: What it is given.
        transform: Of ``filter`` and ``find``: what to make of the elements they find.
        throws: Of ``find``: whether finding nothing is an error.
        threshold: Of ``count``: when to stop counting; 0 for never.
    """

    name: str
    arguments: list["Node"]
    transform: "Node | None" = None
    throws: bool = False
    threshold: int = 0


@dataclass(slots=True)
class Predicate(_Placed):
    """The body of a builtin such as ``filter``, evaluated once for each element."""

    body: "Node"


@dataclass(slots=True)
class ArrayLiteral(_Placed):
    """``[a, b]``."""

    items: list["Node"]


@dataclass(slots=True)
class Pair(_Placed):
    """``key: value`` of a map."""

    key: "Node"
    value: "Node"


@dataclass(slots=True)
class MapLiteral(_Placed):
    """``{a: 1, (b): 2}``."""

    pairs: list["Node"]


@dataclass(slots=True)
class Let(_Placed):
    """``let name = value; body``."""

    name: str
    value: "Node"
    body: "Node"


@dataclass(slots=True)
class Sequence(_Placed):
    """``a; b``: all are evaluated, the last gives the value."""

    items: list["Node"]


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
    | Pair
    | MapLiteral
    | Let
    | Sequence
)

_CHILDREN: dict[type, tuple[str, ...]] = {
    Nil: (),
    Constant: (),
    Identifier: (),
    Pointer: (),
    Unary: ("operand",),
    Binary: ("left", "right"),
    Conditional: ("condition", "positive", "negative"),
    Member: ("target", "key"),
    Chain: ("body",),
    Slice: ("target", "start", "stop"),
    Call: ("callee", "arguments"),
    Builtin: ("arguments", "transform"),
    Predicate: ("body",),
    ArrayLiteral: ("items",),
    Pair: ("key", "value"),
    MapLiteral: ("pairs",),
    Let: ("value", "body"),
    Sequence: ("items",),
}
"""Which attributes of a node hold nodes, in the order of evaluation."""


def walk(root: Node) -> Iterator[Node]:
    """Yield all nodes, without recursion, those that consist of others before these."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        for name in _CHILDREN[type(node)]:
            held = getattr(node, name)
            if isinstance(held, list):
                waiting += held
            elif held is not None:
                waiting.append(held)


def rewrite(root: Node, visit: Callable[[Node], Node]) -> Node:
    """Return the tree with every node replaced by what ``visit`` makes of it, children first."""
    holder = Chain(root, offset=root.offset)
    for owner, name, index in reversed(list(_places(holder))):
        held = getattr(owner, name)
        if index is None:
            setattr(owner, name, visit(held))
        else:
            held[index] = visit(held[index])
    return holder.body


def _places(root: Node) -> Iterator[tuple[Node, str, int | None]]:
    """Yield where every node below the root is held, owners before what they own."""
    for owner in walk(root):
        for name in _CHILDREN[type(owner)]:
            held = getattr(owner, name)
            if isinstance(held, list):
                yield from ((owner, name, index) for index in range(len(held)))
            elif held is not None:
                yield owner, name, None
