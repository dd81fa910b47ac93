"""Sets scalars in JSON text where they stand, and makes what is missing on the way.

Order, white space and the spelling of every other value survive; what is new is laid out like
its neighbour.

Source: ``tidwall/sjson`` Set, as Kargo's ``json-update`` step uses it.
"""

import json
import math
from collections.abc import Sequence

from common.errors import InvalidError
from promotions.engine.documents.gotext import decimal_text, unicode_text
from promotions.engine.documents.json_nodes import (
    JsonItem,
    JsonNode,
    JsonText,
    read_json_text,
)
from promotions.engine.documents.keypaths import KeyPart, Update, split_json_key
from promotions.engine.goquote import go_quote

MAX_PADDING = 1_000
"""Elements that an index past the end of an array may add as ``null``."""

_BOM = "\ufeff"
_APPEND = "-1"
_LONGEST_INDEX = 9


def update_json(text: str, updates: Sequence[Update]) -> str:
    """Return ``text`` with the updates made one after the other.

    Missing objects and arrays are made; an empty text becomes an object or, if the first key is
    an index, an array. The index ``-1`` appends, and one past the end pads with ``null``. What
    is neither object nor array gives way if a path goes on below it.

    Raises:
        InvalidError: The text is not JSON, a key is not a path into it, or a value is not a
            string, number or boolean; nothing was changed.
    """
    if not updates:
        return text
    mark = _BOM if text.startswith(_BOM) else ""
    source = text.removeprefix(_BOM)
    document = read_json_text(source) if source.strip(" \t\r\n") else JsonText(JsonNode(""))
    for update in updates:
        parts = split_json_key(update.key)
        try:
            _set(document.root, parts, _scalar_raw(update))
        except InvalidError as error:
            message = f'error setting key "{update.key}" in JSON: {error}'
            raise InvalidError(message) from error
    return f"{mark}{document}"


def _scalar_raw(update: Update) -> str:
    value = update.value
    if isinstance(value, str):
        return _string_raw(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        return decimal_text(value)
    raise InvalidError(f'value for key "{update.key}" is not a scalar type')


def _string_raw(text: str) -> str:
    return json.dumps(unicode_text(text), ensure_ascii=False)


def _set(root: JsonNode, parts: Sequence[KeyPart], raw: str) -> None:
    node = root
    for number, part in enumerate(parts):
        if not (node.is_object or node.is_array):
            node.become(_built(parts[number:], raw))
            return
        child = _member(node, part.text) if node.is_object else _element(node, part)
        if child is None:
            _add(node, part, _built(parts[number + 1 :], raw))
            return
        node = child
    node.become(JsonNode(raw))


def _member(node: JsonNode, name: str) -> JsonNode | None:
    found = node.named(name)
    if len(found) > 1:
        raise InvalidError(f"key {go_quote(name)} is there more than once")
    return found[0] if found else None


def _element(node: JsonNode, part: KeyPart) -> JsonNode | None:
    index = _index(part.text)
    return node.items[index].node if index is not None and index < len(node.items) else None


def _add(node: JsonNode, part: KeyPart, new: JsonNode) -> None:
    """Add a member, or an element with the padding before it."""
    if node.is_object:
        _append(node, JsonItem(new, key=_string_raw(part.text), name=part.text, colon=":"))
        return
    for _ in range(_padding(part, length=len(node.items))):
        _append(node, JsonItem(JsonNode("null")))
    _append(node, JsonItem(new))


def _append(node: JsonNode, item: JsonItem) -> None:
    """Add an item, laid out like the one before it."""
    if node.items:
        last = node.items[-1]
        item.before, item.colon = last.before, last.colon
        if len(node.items) == 1 and not last.before:
            item.before = " " if item.colon.endswith(" ") else ""
        item.after, last.after = last.after, ""
    node.append(item)


def _built(parts: Sequence[KeyPart], raw: str) -> JsonNode:
    """Return the objects and arrays that a path needs below the last part that is there."""
    node = JsonNode(raw)
    for part in reversed(parts):
        is_index = not part.is_key and (part.text == _APPEND or _index(part.text) is not None)
        outer = JsonNode("[" if is_index else "{")
        _add(outer, part, node)
        node = outer
    return node


def _padding(part: KeyPart, *, length: int) -> int:
    if part.text == _APPEND and not part.is_key:
        return 0
    index = _index(part.text)
    if index is None or part.is_key:
        raise InvalidError(f"cannot set array element for non-numeric key '{part.text}'")
    if index - length > MAX_PADDING:
        raise InvalidError(f"index {index} is more than {MAX_PADDING} past the end of the array")
    return index - length


def _index(text: str) -> int | None:
    if not (text.isascii() and text.isdigit()):
        return None
    significant = text.lstrip("0")
    if len(significant) > _LONGEST_INDEX:
        raise InvalidError(f"index {text} is too large")
    return int(significant or "0")
