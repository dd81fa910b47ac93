"""Finds the values that a JSONPath template names in a JSON document.

Oddities of the original are kept: an empty slice of one array ends the walk over its siblings,
and a bare filter keeps the elements for which its path fails half-way. Keys are visited in order.

Source: Kubernetes client-go ``util/jsonpath`` jsonpath.go.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import assert_never

from promotions.engine.expressions.values import NamedInt, format_value, type_name
from promotions.engine.jsonpath.comparing import compare
from promotions.engine.jsonpath.errors import JSONPathError
from promotions.engine.jsonpath.nodes import (
    Action,
    Field,
    Filter,
    Identifier,
    Literal,
    Node,
    Recursive,
    Slice,
    Template,
    Text,
    Union,
    Wildcard,
)

MOST_VALUES = 100_000
_MOST_RANGES = 50
_LONGEST_SHOWN = 4096

Values = list[object]


def find_values(template: Template, document: object) -> list[Values]:
    """Return what each part of the template finds, in order; a range repeats its parts.

    Raises:
        JSONPathError: A key is missing, an index is out of bounds, a value is of the wrong type,
            or more than ``MOST_VALUES`` values would have to be visited.
    """
    try:
        return _Walk(template).find(document, 0)
    except _StoppedError as error:
        raise JSONPathError(str(error)) from error


class _StoppedError(Exception):
    """A node failed; ``found`` is what the original returns beside its error."""

    def __init__(self, message: str, found: Values) -> None:
        super().__init__(message)
        self.found = found


@dataclass(slots=True)
class _Walk:
    """One pass over a document, with its open ranges.

    Attributes:
        begun: ``range`` words that were met and not yet entered.
        inside: Ranges that are being repeated.
        ended: ``end`` words that were met and not yet acted on.
        last_end: Index of the part that ended a range last.
    """

    template: Template
    begun: int = 0
    inside: int = 0
    ended: int = 0
    last_end: int = -1
    visited: int = field(default=0)

    def find(self, document: object, first: int) -> list[Values]:
        found: list[Values] = []
        index = first
        while index < len(self.template):
            values = self._walk([document], self.template[index])
            if 0 < self.ended <= self.inside:
                self.ended -= 1
                self.last_end = index
                break
            if self.begun:
                found += self._repeated(values, index + 1)
                index = max(index, self.last_end)
            else:
                found.append(values)
            index += 1
        return found

    def _repeated(self, values: Values, first: int) -> list[Values]:
        """Walk the parts from ``first`` for each value; for none, only to find the end."""
        self.begun -= 1
        self.inside += 1
        if self.inside > _MOST_RANGES:
            raise JSONPathError("the JSONPath has too many ranges inside each other")
        found = [part for value in values for part in self.find(value, first)]
        if not values:
            self.find(None, first)
        self.inside -= 1
        return found

    def _walk(self, values: Values, node: Node) -> Values:  # noqa: C901, PLR0911  one arm a node
        self._count(len(values) + 1)
        match node:
            case Action():
                return self._act(values, node)
            case Text():
                return [node.text]
            case Literal():
                return [node.value] * len(values)
            case Field():
                return self._field(values, node)
            case Slice():
                return self._slice(values, node)
            case Wildcard():
                return [child for value in values for child in _children(value)]
            case Recursive():
                return self._descend(values)
            case Union():
                return self._union(values, node)
            case Filter():
                return self._filter(values, node)
            case Identifier():
                return self._identifier(values, node)
        assert_never(node)

    def _act(self, values: Values, action: Action) -> Values:
        for node in action.nodes:
            values = self._walk(values, node)
        return values

    def _identifier(self, values: Values, node: Identifier) -> Values:
        if node.name == "range":
            self.begun += 1
            return values
        if node.name != "end":
            raise _StoppedError(f"unrecognized identifier {node.name}", values)
        if not self.inside:
            raise _StoppedError("not in range, nothing to end", [])
        self.ended += 1
        return []

    def _field(self, values: Values, node: Field) -> Values:
        maps = [value for value in values if isinstance(value, Mapping)]
        found = [value[node.name] for value in maps if node.name in value]
        if values and not found:
            raise _StoppedError(f"{node.name} is not found", [])
        return found

    def _slice(self, values: Values, node: Slice) -> Values:
        found: Values = []
        for value in values:
            if value is None:
                continue
            if not isinstance(value, list | tuple):
                raise _StoppedError(f"{type_name(value)} is not array or slice", values)
            try:
                span = _span(node, len(value))
            except JSONPathError as error:
                raise _StoppedError(str(error), values) from error
            if span is None:
                return found
            self._count(len(span))
            found += [value[index] for index in span]
        return found

    def _descend(self, values: Values) -> Values:
        found: Values = []
        ahead = list(reversed(values))
        while ahead:
            value = ahead.pop()
            children = _children(value)
            self._count(len(children) + 1)
            if children:
                found.append(value)
                ahead += reversed(children)
        return found

    def _union(self, values: Values, node: Union) -> Values:
        try:
            return [found for action in node.actions for found in self._act(values, action)]
        except _StoppedError as error:
            raise _StoppedError(str(error), values) from error

    def _filter(self, values: Values, node: Filter) -> Values:
        found: Values = []
        for value in values:
            if not isinstance(value, list | tuple):
                shown = format_value(value)[:_LONGEST_SHOWN]
                raise _StoppedError(f"{shown} is not array or slice and cannot be filtered", values)
            found += self._kept(value, node, values)
        return found

    def _kept(self, elements: Iterable[object], node: Filter, values: Values) -> Values:
        kept: Values = []
        for element in elements:
            self._count(1)
            if not node.operator:
                is_kept = self._finds(element, node)
            else:
                is_kept = self._holds(element, node, values, kept)
            if is_kept:
                kept.append(element)
        return kept

    def _finds(self, element: object, node: Filter) -> bool:
        try:
            return bool(self._act([element], node.left))
        except _StoppedError as error:
            return bool(error.found)

    def _holds(self, element: object, node: Filter, values: Values, kept: Values) -> bool:
        try:
            left = self._act([element], node.left)
            right = self._act([element], node.right) if len(left) == 1 else []
        except _StoppedError as error:
            raise _StoppedError(str(error), values) from error
        if len(left) > 1 or len(right) > 1:
            raise _StoppedError("can only compare one element at a time", values)
        if not left or not right:
            return False
        try:
            return compare(node.operator, left[0], right[0])
        except JSONPathError as error:
            raise _StoppedError(str(error), kept) from error

    def _count(self, visited: int) -> None:
        self.visited += visited
        if self.visited > MOST_VALUES:
            raise JSONPathError(f"the JSONPath visits more than {MOST_VALUES} values")


def _children(value: object) -> Values:
    """Return what a value holds; a string holds its bytes."""
    if isinstance(value, Mapping):
        return [value[key] for key in sorted(value)]
    if isinstance(value, list | tuple):
        return list(value)
    if isinstance(value, str):
        raw = value[:MOST_VALUES].encode(errors="surrogateescape")
        return [NamedInt(byte, "uint8") for byte in raw]
    return []


def _span(node: Slice, length: int) -> range | None:
    """Return the indices that are meant, ``None`` for an empty slice."""
    start = 0 if node.start is None else node.start
    stop = length if node.stop is None else node.stop
    start += length if start < 0 else 0
    stop += length if stop < 0 or (stop == 0 and node.is_index) else 0
    if start == stop:
        return None
    if not 0 <= start < length:
        raise JSONPathError(f"array index out of bounds: index {start}, length {length}")
    if not 0 <= stop <= length:
        raise JSONPathError(f"array index out of bounds: index {stop - 1}, length {length}")
    if start > stop:
        raise JSONPathError(f"starting index {start} is greater than ending index {stop}")
    if node.step is not None and node.step <= 0:
        raise JSONPathError("step must be > 0")
    return range(start, stop, node.step or 1)
