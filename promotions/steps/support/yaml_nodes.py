"""Reads YAML that a stranger wrote, within bounds, as nodes with positions or as plain JSON."""

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from common.errors import InvalidError
from common.jsontypes import JSONValue

MAX_EXPANDED_NODES = 1_000_000
"""Values in a document once its aliases are followed; more is an attack or an accident."""

MAX_DEPTH = 200


@dataclass(frozen=True, slots=True)
class Slot:
    """One value in a document, and how it is written.

    Attributes:
        in_flow: It stands inside ``[…]`` or ``{…}``.
        is_alias: It is written as ``*name``; the node is where the anchor is.
    """

    node: yaml.Node
    in_flow: bool = False
    is_alias: bool = False


def compose_first(text: str) -> yaml.Node | None:
    """Return the root of the first document, or ``None`` if there is none.

    Tags of plain scalars are not resolved, which takes most of the time.

    Raises:
        InvalidError: The text is not YAML.
    """
    return _composed(text, loader_class=yaml.CBaseLoader)


def load_document(text: str) -> JSONValue:
    """Return the first document as plain JSON values; nothing at all is ``None``.

    Raises:
        InvalidError: It is not YAML, repeats a key, refers to itself, expands beyond
            ``MAX_EXPANDED_NODES`` or holds what JSON has no word for.
    """
    root = _composed(text, loader_class=yaml.CSafeLoader)
    if root is None:
        return None
    _check_bounds(root, sizes={}, path=())
    loader = yaml.CSafeLoader("")
    try:
        return _plain(loader.construct_document(root))
    except (yaml.YAMLError, ValueError) as error:
        raise InvalidError(f"error unmarshaling YAML: {_one_line(error)}") from error
    finally:
        loader.dispose()


def find_slot(root: yaml.Node, parts: tuple[str, ...]) -> Slot:
    """Return the value at a key path.

    Raises:
        InvalidError: There is none, a key on the way is there twice or an alias is on the way.
    """
    slot = Slot(root)
    for part in parts:
        if slot.is_alias:
            raise InvalidError("key path goes through an alias; edit what it refers to")
        children = list(_children(slot.node, part))
        if not children:
            raise InvalidError("key path not found")
        if len(children) > 1:
            raise InvalidError(f'key "{part}" is there more than once')
        node, floor = children[0]
        in_flow = slot.in_flow or _is_flow(slot.node)
        slot = Slot(node, in_flow=in_flow, is_alias=node.start_mark.index < floor)
    return slot


def last_leaf_end(node: yaml.Node) -> int:
    """Return where the text of a node ends, without the blank lines and comments after it."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        return max(last_leaf_end(child) for pair in node.value[-1:] for child in pair)
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        return last_leaf_end(node.value[-1])
    return int(node.end_mark.index)


def _composed(
    text: str, *, loader_class: type[yaml.CBaseLoader | yaml.CSafeLoader]
) -> yaml.Node | None:
    try:
        loader = loader_class(text)
        try:
            return loader.get_node() if loader.check_node() else None
        finally:
            loader.dispose()
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InvalidError(f"error unmarshaling YAML: {_one_line(error)}") from error


def _is_flow(node: yaml.Node) -> bool:
    return isinstance(node, yaml.CollectionNode) and bool(node.flow_style)


def _children(node: yaml.Node, part: str) -> Iterator[tuple[yaml.Node, int]]:
    """Yield the matching children with the index before which only an anchor can lie."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value == part:
                yield value, key.end_mark.index
    elif isinstance(node, yaml.SequenceNode):
        index = _sequence_index(part, length=len(node.value))
        floor = node.value[index - 1].end_mark.index if index else node.start_mark.index
        yield node.value[index], min(floor, node.end_mark.index)


def _sequence_index(part: str, *, length: int) -> int:
    if not (part.isascii() and part.isdigit()):
        raise InvalidError(f'"{part}" is not an index into a sequence')
    index = int(part)
    if index >= length:
        raise InvalidError(f"key path not found: index {index} of a sequence of {length}")
    return index


def _check_bounds(node: yaml.Node, *, sizes: dict[int, int], path: tuple[int, ...]) -> int:
    """Return how many values the node expands to."""
    if id(node) in path:
        raise InvalidError("a YAML alias refers to what contains it")
    if len(path) > MAX_DEPTH:
        raise InvalidError(f"the YAML is nested deeper than {MAX_DEPTH} levels")
    if id(node) not in sizes:
        inner = (*path, id(node)) if not isinstance(node, yaml.ScalarNode) else path
        sizes[id(node)] = 1 + sum(
            _check_bounds(child, sizes=sizes, path=inner) for child in _all_children(node)
        )
    if sizes[id(node)] > MAX_EXPANDED_NODES:
        raise InvalidError("the YAML expands to too many values through its aliases")
    return sizes[id(node)]


def _all_children(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.SequenceNode):
        yield from node.value
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                line = key.start_mark.line + 1
                raise InvalidError(f'line {line}: key "{key.value}" is there more than once')
            seen.add(str(key.value))
            yield key
            yield value


def _plain(value: object) -> JSONValue:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case dict():
            return {_key(key): _plain(item) for key, item in value.items()}
        case list() | tuple() | set():
            return [_plain(item) for item in value]
        case bytes():
            return value.decode("utf-8", errors="replace")
        case _:
            return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _key(key: object) -> str:
    match key:
        case None:
            return "null"
        case bool():
            return "true" if key else "false"
        case _:
            return str(key)


def _one_line(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    return f"line {mark.line + 1}: {problem}" if mark is not None else str(problem)
