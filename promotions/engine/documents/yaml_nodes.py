"""Reads YAML that a stranger wrote, within bounds, as values that know where they stand.

PyYAML's own composers recurse in C and can be made to end the process, so values are put
together here from the events of its (iterative) parser.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, cast

import yaml

from common.errors import InvalidError
from promotions.engine.documents.keypaths import index_in
from promotions.engine.goquote import go_quote

MAX_DEPTH = 200
MAX_VALUES = 300_000
"""Values in one document, keys among them; a 5,000-line file has about 10,000."""
MOST_COUNTED = 1_000_001


class Kind(Enum):
    """What a value is."""

    SCALAR = yaml.ScalarEvent
    ALIAS = yaml.AliasEvent
    SEQUENCE = yaml.SequenceStartEvent
    MAPPING = yaml.MappingStartEvent


_KINDS = {kind.value: kind for kind in Kind}
_STARTS: frozenset[type[object]] = frozenset({yaml.SequenceStartEvent, yaml.MappingStartEvent})
_DOCUMENT_START: type[object] = yaml.DocumentStartEvent
_DOCUMENT_END: type[object] = yaml.DocumentEndEvent
COLLECTION_ENDS: frozenset[type[object]] = frozenset({yaml.SequenceEndEvent, yaml.MappingEndEvent})


class Mark(Protocol):
    """A position in a text, all counted from 0."""

    index: int
    line: int
    column: int


class YamlEvent(Protocol):
    """What PyYAML reports; each kind of event has the attributes that make sense for it."""

    start_mark: Mark
    end_mark: Mark
    anchor: str | None
    tag: str | None
    value: str
    style: str | None
    implicit: tuple[bool, bool]
    flow_style: bool


@dataclass(slots=True)
class YamlNode:
    """One value in a document.

    Attributes:
        event: How the parser reported its beginning.
        end: Where its text ends; of a block collection, where the next token begins.
        children: The elements of a sequence; keys and values of a mapping in turn.
        target: What an alias refers to.
        size: How many values it is, aliases written out, at most ``MOST_COUNTED``.
        height: How many levels it has, aliases written out; 0 while it is still being read.
    """

    event: YamlEvent
    kind: Kind
    end: int
    children: "Sequence[YamlNode]" = ()
    target: "YamlNode | None" = None
    size: int = 1
    height: int = 1
    _by_key: "dict[str, list[YamlNode]] | None" = None

    @property
    def start(self) -> int:
        """Where its text begins, an anchor and a tag included."""
        return self.event.start_mark.index

    @property
    def value(self) -> str:
        """The text of a scalar, without quotes and escapes."""
        return self.event.value

    @property
    def is_plain(self) -> bool:
        """Whether it is a scalar without quotes."""
        return not self.event.style

    @property
    def in_flow_style(self) -> bool:
        """Whether it is a collection written with brackets or braces."""
        return self.event.flow_style

    def values_of(self, key: str) -> list["YamlNode"]:
        """Return the values that a mapping has under a key."""
        if self._by_key is None:
            self._by_key = {}
            for name, value in zip(self.children[::2], self.children[1::2], strict=True):
                if name.kind is Kind.SCALAR:
                    self._by_key.setdefault(name.value, []).append(value)
        return self._by_key.get(key, [])


@dataclass(frozen=True, slots=True)
class Slot:
    """One value that a key path leads to; ``in_flow`` says that it is inside ``[…]`` or ``{…}``."""

    node: YamlNode
    in_flow: bool = False


def compose_first(text: str) -> YamlNode | None:
    """Return the root of the first document, or ``None`` if there is none.

    Aliases are not followed, and plain scalars not resolved.

    Raises:
        InvalidError: The text is not YAML, or breaks a bound.
    """
    nodes = compose_all(text)
    return nodes[0] if nodes else None


def compose_all(text: str) -> list[YamlNode]:
    """Return every value of the first document in the order of the text, the root first.

    Raises:
        InvalidError: The text is not YAML, breaks a bound, or an alias refers to what contains
            it or to nothing.
    """
    return composed(first_events(text))


def composed(events: Sequence[YamlEvent]) -> list[YamlNode]:
    """Return the values that the events of one document speak of.

    Raises:
        InvalidError: An alias refers to what contains it or to nothing.
    """
    nodes: list[YamlNode] = []
    siblings: list[YamlNode] = []
    outer: list[tuple[YamlNode, list[YamlNode]]] = []
    anchors: dict[str, YamlNode] = {}
    for event in events:
        kind = type(event)
        if kind in COLLECTION_ENDS:
            node, outer_siblings = outer.pop()
            _close(node, siblings, end=event.end_mark.index)
            siblings = outer_siblings
            continue
        node = YamlNode(event, _KINDS[kind], event.end_mark.index)
        nodes.append(node)
        siblings.append(node)
        if node.kind is Kind.ALIAS:
            _resolve(node, anchors)
        elif event.anchor:
            anchors[event.anchor] = node
        if kind in _STARTS:
            node.height = 0
            outer.append((node, siblings))
            siblings = []
    return nodes


def _close(node: YamlNode, children: list[YamlNode], *, end: int) -> None:
    node.end, node.children = end, children
    node.height = 1 + max([child.height for child in children], default=0)
    node.size = min(1 + sum([child.size for child in children]), MOST_COUNTED)


def _resolve(alias: YamlNode, anchors: dict[str, YamlNode]) -> None:
    target = anchors.get(alias.event.anchor or "")
    line = alias.event.start_mark.line + 1
    if target is None:
        raise InvalidError(f"line {line}: the alias *{alias.event.anchor} refers to nothing")
    if target.height == 0:
        raise InvalidError(f"line {line}: the alias *{alias.event.anchor} is inside its anchor")
    alias.target, alias.size, alias.height = target, target.size, target.height


def first_events(text: str) -> list[YamlEvent]:
    """Return what the parser reports of the values in the first document.

    Raises:
        InvalidError: The text is not YAML, or has too many values.
    """
    try:
        parser = yaml.CBaseLoader(text)
        try:
            return _document_events(parser)
        finally:
            parser.dispose()
    except (yaml.YAMLError, ValueError) as error:
        raise InvalidError(f"error unmarshaling YAML: {one_line(error)}") from error


def find_slot(root: YamlNode, parts: tuple[str, ...]) -> Slot:
    """Return the value at a key path.

    Raises:
        InvalidError: There is none, a key on the way is there twice or an alias is on the way.
    """
    slot = Slot(root)
    for part in parts:
        node = slot.node
        child = _child(node, part)
        slot = Slot(child, in_flow=slot.in_flow or node.in_flow_style)
    return slot


def last_leaf_end(node: YamlNode) -> int:
    """Return where the text of a value ends, without the blank lines and comments after it."""
    while node.children and not node.in_flow_style:
        node = node.children[-1]
    return node.end


def one_line(error: Exception) -> str:
    """Return what a YAML library complains about, with the line if it says so."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).partition("\n")[0]
    return f"line {mark.line + 1}: {problem}" if mark is not None else str(problem)


def _document_events(parser: yaml.CBaseLoader) -> list[YamlEvent]:
    next_event = cast("Callable[[], YamlEvent]", parser.get_event)
    next_event()  # the stream's start
    if type(next_event()) is not _DOCUMENT_START:
        return []
    events: list[YamlEvent] = []
    depth = 0
    for _ in range(2 * MAX_VALUES):
        event = next_event()
        kind = type(event)
        if kind is _DOCUMENT_END:
            return events
        events.append(event)
        if kind in _STARTS:
            depth += 1
            if depth > MAX_DEPTH:  # at once: the parser's time grows with the square of it
                raise InvalidError(f"the YAML is nested deeper than {MAX_DEPTH} levels")
        elif kind in COLLECTION_ENDS:
            depth -= 1
    raise InvalidError(f"the YAML has more than {MAX_VALUES} values")


def _child(node: YamlNode, part: str) -> YamlNode:
    if node.kind is Kind.ALIAS:
        raise InvalidError("key path goes through an alias; edit what it refers to")
    if node.kind is Kind.SEQUENCE:
        return node.children[index_in(part, length=len(node.children))]
    found = node.values_of(part) if node.kind is Kind.MAPPING else []
    if not found:
        raise InvalidError("key path not found")
    if len(found) > 1:
        raise InvalidError(f"key {go_quote(part)} is there more than once")
    return found[0]
