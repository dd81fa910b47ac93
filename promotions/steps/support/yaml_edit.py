"""Replaces scalars in YAML text where they stand, and leaves the rest as it was.

What ``yaml-update`` promises its users: order, indentation, comments on other lines and document
markers survive. Where Kargo's line-based editor gives a sound result, this one gives the same
text: the new value replaces the rest of its line, a comment there included. Where that would
break the document (flow collections, block scalars, values over several lines) exactly the
scalar is replaced. Only the first document of a file can be addressed.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import yaml

from common.errors import InvalidError
from common.jsontypes import JSONValue
from promotions.steps.support.gotext import double_quoted, quoted_if_necessary
from promotions.steps.support.keypath import split_key
from promotions.steps.support.yaml_nodes import Slot, compose_first, find_slot

_BOM = "\ufeff"
_PROPERTIES = re.compile(r"(?:[&!]\S*[ \t]+)*(?:[&!][^\s,\]}]*)?")
_ANCHOR = re.compile(r"&[^\s,\]}]+")
_STAYS_TEXT = frozenset({"tag:yaml.org,2002:str", "tag:yaml.org,2002:timestamp"})


@dataclass(frozen=True, slots=True)
class Update:
    """One scalar to set."""

    key: str
    value: JSONValue


@dataclass(frozen=True, slots=True, order=True)
class _Splice:
    start: int
    end: int
    text: str


def update_yaml(text: str, updates: Iterable[Update]) -> str:
    """Return ``text`` with every update made; the last one of a key wins.

    Line ends become LF, and the result ends with one.

    Raises:
        InvalidError: The text is not YAML, or a key cannot be updated; nothing was changed.
    """
    source = text.removeprefix(_BOM).replace("\r\n", "\n")
    if source and not source.endswith("\n"):
        source += "\n"
    root = compose_first(source)
    wanted = {split_key(update.key): update for update in updates}
    splices = {
        splice.start: splice
        for parts, update in wanted.items()
        for splice in [_planned(source, root, parts=parts, update=update)]
    }
    updated = _spliced(source, splices.values())
    _check_result(updated, wanted)
    return updated


def scalar_text(value: JSONValue, *, in_flow: bool = False) -> str:
    """Return a value as a YAML scalar that reads back as the same value.

    Raises:
        InvalidError: The value is an array or an object.
    """
    if value is None:
        return "null"
    if not isinstance(value, str | int | float):
        raise InvalidError("value is not a scalar")
    text = quoted_if_necessary(value)
    if not isinstance(value, str) or text != value or (value == "" and not in_flow):
        return text
    return text if _reads_back(value, in_flow=in_flow) else double_quoted(value)


def _planned(
    source: str, root: yaml.Node | None, *, parts: tuple[str, ...], update: Update
) -> _Splice:
    try:
        if root is None:
            raise InvalidError("key path not found")  # noqa: TRY301 - the handler names the key
        return _splice(source, find_slot(root, parts), update.value)
    except InvalidError as error:
        raise InvalidError(f'error updating key "{update.key}": {error}') from error


def _splice(source: str, slot: Slot, value: JSONValue) -> _Splice:
    node = slot.node
    if not isinstance(node, yaml.ScalarNode) or slot.is_alias:
        raise InvalidError("key path does not address a scalar node")
    start, end = node.start_mark.index, node.end_mark.index
    written = source[start:end]
    text = _kept_anchor(written) + scalar_text(value, in_flow=slot.in_flow)
    if not slot.in_flow and "\n" not in written.rstrip():
        end = _line_end(source, start)
    else:
        end = start + len(written.rstrip())
    preceding = source[start - 1 : start]
    lead = "" if preceding in {"", " ", "\n", "\t", "[", "{", ","} else " "
    return _Splice(start, end, lead + text)


def _kept_anchor(written: str) -> str:
    properties = _PROPERTIES.match(written)
    anchor = _ANCHOR.search(properties[0]) if properties else None
    return f"{anchor[0]} " if anchor else ""


def _line_end(source: str, start: int) -> int:
    end = source.find("\n", start)
    return end if end >= 0 else len(source)


def _spliced(source: str, splices: Iterable[_Splice]) -> str:
    pieces: list[str] = []
    position = 0
    for splice in sorted(splices):
        pieces += [source[position : splice.start], splice.text]
        position = splice.end
    return "".join([*pieces, source[position:]])


def _check_result(text: str, wanted: dict[tuple[str, ...], Update]) -> None:
    """Refuse to hand out text that does not say what was asked."""
    root = compose_first(text)
    for parts, update in wanted.items():
        node = find_slot(root, parts).node if root is not None else None
        expected = update.value if isinstance(update.value, str) else scalar_text(update.value)
        if not isinstance(node, yaml.ScalarNode) or node.value != expected:
            raise InvalidError(f'key "{update.key}" cannot be updated where it stands')


def _reads_back(value: str, *, in_flow: bool) -> bool:
    try:
        root = yaml.compose(f"[{value}]" if in_flow else f"k: {value}\n", yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError):
        return False
    if not isinstance(root, yaml.CollectionNode) or len(root.value) != 1:
        return False
    node = root.value[0] if in_flow else root.value[0][1]
    return (
        isinstance(node, yaml.ScalarNode)
        and not node.style
        and node.value == value
        and node.tag in _STAYS_TEXT
    )
