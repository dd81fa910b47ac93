"""Replaces values in HCL text where they stand, and leaves every other character as it was.

Nothing is handed out unchecked: the result is read again and must have the same structure and the
same values but for those that were to change.
"""

import re
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from common.errors import InvalidError
from common.jsontypes import JSONValue
from promotions.engine.documents.gotext import decimal_text, unicode_text
from promotions.engine.documents.hcl_positions import (
    HclBlock,
    HclBody,
    HclKind,
    HclValue,
    hcl_positions,
)
from promotions.engine.documents.keypaths import Update, split_key
from promotions.engine.documents.splices import Splice, spliced

MAX_CHARACTERS = 1_000_000
"""Longest text that is read; what is larger is no configuration."""

_BOM = "\ufeff"
_TEMPLATE = re.compile(r"(\$+|%+)\{")
_ESCAPED = re.compile(r'[\\"\x00-\x1f\x7f]')
_SHORT_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}

_Leaf: TypeAlias = tuple[tuple[str, ...], str]


def update_hcl(text: str, updates: Sequence[Update]) -> str:
    """Return ``text`` with every update made; the last one of a key wins.

    A key walks through attributes, blocks by their type and then their labels, and members of
    object literals, as in ``resource.aws_instance.web.tags.version``.

    Raises:
        InvalidError: The text is not HCL, a key does not lead to one value, or the new one is
            neither text nor a number nor a boolean; nothing was changed.
    """
    source = text.removeprefix(_BOM)
    if len(source) > MAX_CHARACTERS:
        raise InvalidError(f"the HCL is longer than {MAX_CHARACTERS} characters")
    body = hcl_positions(source)
    replacements: dict[HclValue, str] = {}
    for update in updates:
        parts = split_key(update.key)
        try:
            replacements[_find(body, parts)] = hcl_literal(update.value)
        except InvalidError as error:
            raise InvalidError(f'error updating key "{update.key}": {error}') from error
    splices = [Splice(it.start, it.end, raw) for it, raw in replacements.items()]
    updated = spliced(source, splices)
    expected = list(_leaves(source, body, (), replacements))
    if list(_leaves(updated, hcl_positions(updated), (), {})) != expected:
        raise InvalidError("the update would change something else in the document")
    return _BOM + updated if text.startswith(_BOM) else updated


def hcl_literal(value: JSONValue) -> str:
    """Return a value as HCL writes it; what would be a template in a text is escaped.

    Raises:
        InvalidError: It is neither text nor a number nor a boolean.
    """
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{_escaped(unicode_text(value))}"'
        case int():
            return str(value)
        case float():
            return decimal_text(value)
        case _:
            raise InvalidError("value is neither a string nor a number nor a boolean")


def _escaped(text: str) -> str:
    escaped = _ESCAPED.sub(lambda it: _SHORT_ESCAPES.get(it[0]) or f"\\u{ord(it[0]):04x}", text)
    return _TEMPLATE.sub(_escaped_template, escaped)


def _escaped_template(match: re.Match[str]) -> str:
    """Return ``$${`` for ``${``; where more of them stand in a row, the others by their number."""
    signs = match[1]
    others = f"\\u{ord(signs[0]):04x}" * (len(signs) - 1)
    return f"{others}{signs[0] * 2}{{"


def _find(body: HclBody, parts: tuple[str, ...]) -> HclValue:
    found = list(_found(body, parts))
    values = [it for it in found if isinstance(it, HclValue)]
    if not found:
        raise InvalidError("key path not found")
    if not values:
        raise InvalidError("key path addresses a block instead of a value")
    if len(found) > 1:
        raise InvalidError("key path addresses more than one value")
    if values[0].kind is not HclKind.EXPRESSION:
        raise InvalidError(f"key path addresses {values[0].kind.value} instead of a value")
    return values[0]


def _found(body: HclBody, parts: tuple[str, ...]) -> Iterator[HclValue | HclBlock]:
    """Yield everything that a path leads to."""
    for name, item in body:
        if name != parts[0]:
            continue
        labels = item.labels if isinstance(item, HclBlock) else ()
        rest = parts[1 + len(labels) :]
        if parts[1 : 1 + len(labels)] != labels:
            continue
        if not rest:
            yield item
        else:
            yield from _found(item.body if isinstance(item, HclBlock) else item.members, rest)


def _leaves(
    text: str, body: HclBody, path: tuple[str, ...], replaced: dict[HclValue, str]
) -> Iterator[_Leaf]:
    """Yield the text of every value that has no members, and what a block or object is called."""
    for name, item in body:
        if isinstance(item, HclBlock):
            inner = (*path, name, *item.labels)
            yield inner, "{"
            yield from _leaves(text, item.body, inner, replaced)
        elif item.members:
            yield from _leaves(text, item.members, (*path, name), replaced)
        else:
            yield (*path, name), replaced.get(item, text[item.start : item.end])
