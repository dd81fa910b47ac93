"""Replaces scalars in YAML text where they stand, and leaves the rest as it was.

What ``yaml-update`` promises its users: order, indentation, comments on other lines and document
markers survive. Where Kargo's line-based editor gives a sound result, this one gives the same
text: the new value replaces the rest of its line, a comment there included. Where that would
break the document (in ``[…]`` and ``{…}``, and of block scalars) exactly the scalar is replaced.
Only the first document of a file can be addressed.

Nothing is handed out unchecked: the result is read again and must be the same document but for
the scalars that were to change.

Source: Kargo ``pkg/yaml`` SetValuesInBytes.
"""

import re
from collections.abc import Mapping, Sequence

import yaml

from common.errors import InvalidError
from common.jsontypes import JSONValue
from promotions.engine.documents.keypaths import Update, split_key
from promotions.engine.documents.splices import Splice, spliced
from promotions.engine.documents.yaml_nodes import (
    COLLECTION_ENDS,
    Kind,
    Slot,
    YamlEvent,
    YamlNode,
    composed,
    find_slot,
    first_events,
)
from promotions.engine.documents.yaml_quoting import scalar_text

_BOM = "\ufeff"
_BREAK = re.compile("[\n\r\x85\u2028\u2029]")
_NEEDS_NO_SPACE = frozenset({"", " ", "\t", "\n", "[", "{", ","})
_SCALAR: type[object] = yaml.ScalarEvent
_ALIAS: type[object] = yaml.AliasEvent


def update_yaml(text: str, updates: Sequence[Update]) -> str:
    """Return ``text`` with every update made; the last one of a key wins.

    Line ends become LF, and the result ends with one.

    Raises:
        InvalidError: The text is not YAML, or a key cannot be updated; nothing was changed.
    """
    source = _with_line_ends(text.removeprefix(_BOM))
    events = first_events(source)
    nodes = composed(events)
    edits: dict[int, tuple[Update, Splice]] = {}
    for update in updates:
        edits.update([_edit(source, nodes, update)])
    updated = spliced(source, (splice for _, splice in edits.values()))
    _check_result(updated, events, {event: update for event, (update, _) in edits.items()})
    return _BOM + updated if text.startswith(_BOM) else updated


def _with_line_ends(text: str) -> str:
    source = text.replace("\r\n", "\n")
    return source if not source or source.endswith("\n") else source.removesuffix("\r") + "\n"


def _edit(source: str, nodes: list[YamlNode], update: Update) -> tuple[int, tuple[Update, Splice]]:
    """Return which event an update changes, by identity, and how."""
    parts = split_key(update.key)
    try:
        if not nodes:
            raise InvalidError("key path not found")  # noqa: TRY301  the handler names the key
        slot = find_slot(nodes[0], parts)
        return id(slot.node.event), (update, _splice(source, slot, update.value))
    except InvalidError as error:
        raise InvalidError(f'error updating key "{update.key}": {error}') from error


def _splice(source: str, slot: Slot, value: JSONValue) -> Splice:
    node = slot.node
    if node.kind is not Kind.SCALAR:
        raise InvalidError("key path does not address a scalar node")
    written = source[node.start : node.end].rstrip(" \t\r\n\x85\u2028\u2029")
    anchor = f"&{node.event.anchor} " if node.event.anchor else ""
    text = anchor + scalar_text(value, in_flow=slot.in_flow)
    end = node.start + len(written)
    if not slot.in_flow:
        end = _line_end(source, end)
    before, after = source[node.start - 1 : node.start], source[node.start : node.start + 1]
    if not text and after == " ":
        return Splice(end, end, "")
    return Splice(node.start, end, text if before in _NEEDS_NO_SPACE else f" {text}")


def _line_end(source: str, start: int) -> int:
    found = _BREAK.search(source, start)
    return found.start() if found else len(source)


def _check_result(text: str, before: Sequence[YamlEvent], changed: Mapping[int, Update]) -> None:
    """Refuse to hand out text that does not say what was asked, and nothing else."""
    after = first_events(text)
    if len(after) != len(before):
        raise InvalidError("the update would change the shape of the document")
    for old, new in zip(before, after, strict=True):
        update = changed.get(id(old))
        if not (_same(old, new) if update is None else _says(new, old.anchor, update.value)):
            line = new.start_mark.line + 1
            raise InvalidError(f"the update would change something else in line {line}")


def _same(one: YamlEvent, other: YamlEvent) -> bool:
    """Return whether two events are of one kind, and mean the same where no position matters."""
    if type(one) is not type(other):
        return False
    if type(one) is _SCALAR:
        return (
            one.value == other.value
            and one.implicit == other.implicit
            and one.tag == other.tag
            and one.anchor == other.anchor
        )
    if type(one) in COLLECTION_ENDS:
        return True
    return one.anchor == other.anchor and (type(one) is _ALIAS or one.tag == other.tag)


def _says(event: YamlEvent, anchor: str | None, value: JSONValue) -> bool:
    expected = value if isinstance(value, str) else scalar_text(value)
    return type(event) is _SCALAR and event.value == expected and event.anchor == anchor
