"""Reads the first document of a YAML text as plain JSON values, within bounds."""

import math

import yaml

from common.errors import InvalidError
from common.jsontypes import JSONValue
from promotions.engine.documents.yaml_nodes import (
    MAX_DEPTH,
    MOST_COUNTED,
    Kind,
    YamlNode,
    compose_all,
    one_line,
)
from promotions.engine.goquote import go_quote

_CORE = "tag:yaml.org,2002:"
_TEXT = frozenset({f"{_CORE}str", f"{_CORE}timestamp", f"{_CORE}value", "!"})
_MERGE = f"{_CORE}merge"
_RESOLVER = yaml.resolver.Resolver()
_CONSTRUCTOR = yaml.constructor.SafeConstructor()


def load_document(text: str) -> JSONValue:
    """Return the first document as plain JSON values; nothing at all is ``None``.

    What looks like a date stays the text it is, as in Go's libraries.

    Raises:
        InvalidError: It is not YAML, repeats a key, refers to itself, grows beyond the bounds of
            ``yaml_nodes`` through its aliases or holds what JSON has no word for.
    """
    nodes = compose_all(text)
    if not nodes:
        return None
    check_expansion(nodes)
    return _plain(nodes[0])


def check_expansion(nodes: list[YamlNode]) -> None:
    """Check that a document stays small when its aliases are written out, and repeats no key.

    Raises:
        InvalidError: It does not.
    """
    if nodes[0].size >= MOST_COUNTED:
        raise InvalidError("the YAML expands to too many values through its aliases")
    if nodes[0].height > MAX_DEPTH:
        raise InvalidError(f"the YAML is nested deeper than {MAX_DEPTH} levels")
    for node in nodes:
        if node.kind is Kind.MAPPING:
            _refuse_repeated_keys(node)


def resolved_tag(node: YamlNode) -> str:
    """Return the tag of a scalar: the one it has, or what its text means."""
    if node.event.tag is not None:
        return node.event.tag
    implicit = (node.is_plain, not node.is_plain)
    tag: str = _RESOLVER.resolve(yaml.ScalarNode, node.value, implicit)  # type: ignore[no-untyped-call]  # the stubs leave it out
    return tag


def _refuse_repeated_keys(mapping: YamlNode) -> None:
    seen: set[str] = set()
    for key in mapping.children[::2]:
        if key.kind is not Kind.SCALAR:
            continue
        if key.value in seen:
            raise _problem(key, f"key {go_quote(key.value)} is there more than once")
        seen.add(key.value)


def _plain(node: YamlNode) -> JSONValue:
    target = node if node.target is None else node.target
    match target.kind:
        case Kind.SCALAR:
            return _scalar(target)
        case Kind.SEQUENCE:
            return [_plain(child) for child in target.children]
        case _:
            return _object(target)


def _scalar(node: YamlNode) -> JSONValue:
    tag = resolved_tag(node)
    if tag in _TEXT:
        return node.value
    try:
        value = _CONSTRUCTOR.construct_object(yaml.ScalarNode(tag, node.value))
    except (yaml.YAMLError, ValueError) as error:
        raise _problem(node, one_line(error)) from error
    if isinstance(value, float) and not math.isfinite(value):
        raise _problem(node, f"JSON has no number {node.value}")
    if value is None or isinstance(value, str | int | float):
        return value
    raise _problem(node, f"JSON has no word for {tag}")


def _object(mapping: YamlNode) -> dict[str, JSONValue]:
    own: dict[str, JSONValue] = {}
    merged: dict[str, JSONValue] = {}
    for key, value in zip(mapping.children[::2], mapping.children[1::2], strict=True):
        if key.kind is Kind.SCALAR and key.is_plain and resolved_tag(key) == _MERGE:
            merged = {**_merged(value), **merged}
            continue
        name = _key(key)
        if name in own:
            raise _problem(key, f"key {go_quote(name)} is there more than once")
        own[name] = _plain(value)
    return {**merged, **own}


def _merged(value: YamlNode) -> dict[str, JSONValue]:
    """Return what the key ``<<`` adds: a mapping, or several of which the first counts most."""
    source = value if value.target is None else value.target
    mappings = source.children if source.kind is Kind.SEQUENCE else [source]
    merged: dict[str, JSONValue] = {}
    for mapping in mappings:
        added = _plain(mapping)
        if not isinstance(added, dict):
            raise _problem(value, 'the value of "<<" must be a mapping or a list of them')
        merged = {**added, **merged}
    return merged


def _key(node: YamlNode) -> str:
    value = _plain(node)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise _problem(node, "a key must be a scalar")


def _problem(node: YamlNode, reason: str) -> InvalidError:
    line = node.event.start_mark.line + 1
    return InvalidError(f"error unmarshaling YAML: line {line}: {reason}")
