"""The parts that a parsed JSONPath template consists of.

A template is a sequence of text and actions; an action, what stands in braces, is a sequence of
nodes that are applied one after the other to a list of values.

Source: Kubernetes client-go ``util/jsonpath`` node.go.
"""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Text:
    """Text outside braces, or a quoted literal inside them."""

    text: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A number or boolean, such as the right side of a filter."""

    value: float | bool


@dataclass(frozen=True, slots=True)
class Field:
    """The value under one key, ``.name``."""

    name: str


@dataclass(frozen=True, slots=True)
class Slice:
    """Elements of an array, ``[start:stop:step]``.

    Attributes:
        start: From here; negative counts from the end, ``None`` is the first.
        stop: To before here; ``None`` is the length.
        step: ``None`` is 1.
        is_index: It was written ``[start]``, and ``stop`` is the number after ``start``.
    """

    start: int | None
    stop: int | None
    step: int | None
    is_index: bool = False


@dataclass(frozen=True, slots=True)
class Wildcard:
    """Every value of a map, every element of an array, ``.*``."""


@dataclass(frozen=True, slots=True)
class Recursive:
    """A value and everything that holds something in it, ``..``."""


@dataclass(frozen=True, slots=True)
class Identifier:
    """A bare word: ``range``, ``end``, or a mistake."""

    name: str


@dataclass(frozen=True, slots=True)
class Action:
    """Nodes that are applied one after the other."""

    nodes: tuple["Node", ...] = ()


@dataclass(frozen=True, slots=True)
class Union:
    """Several actions on the same values, ``[0,2]``; their results follow each other."""

    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """Those elements of an array for which a comparison holds, ``[?(@.x == 1)]``.

    Attributes:
        operator: Any run of ``!<>=``; empty asks only whether ``left`` finds anything.
    """

    left: Action
    operator: str = ""
    right: Action = Action()


Node: TypeAlias = (
    Text | Literal | Field | Slice | Wildcard | Recursive | Identifier | Union | Filter | Action
)
Template: TypeAlias = tuple[Text | Action, ...]
