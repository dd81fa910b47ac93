"""Lays YAML documents over each other and keeps their comments, order and quoting.

Mappings merge key by key; scalars and sequences are replaced whole; ``null`` in an overlay
removes the key. Anchors, aliases and the key ``<<`` are carried over, never resolved.

Source: Kargo ``pkg/yaml`` MergeFiles and kyaml's merge2, but that sequences are always replaced
and a value may change its kind, as Kargo documents it.
"""

import io
import re
from collections.abc import Sequence

from ruamel.yaml import YAML
from ruamel.yaml.anchor import Anchor
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from common.errors import InvalidError
from promotions.engine.documents.yaml_comments import (
    STUMBLES,
    Pair,
    carry_comment,
    children,
    followed_by,
    following_lines,
    joined,
    prepend_comment,
    without_block_comments,
    without_comments,
)
from promotions.engine.documents.yaml_nodes import Kind, YamlNode, compose_all, one_line
from promotions.engine.documents.yaml_values import check_expansion

MAX_CHARACTERS = 500_000
"""Longest text that is merged; the library takes about six seconds for that much."""

_BOM = "\ufeff"
_CORE = "tag:yaml.org,2002:"
_NULL = f"{_CORE}null"
_KINDS = {Kind.SCALAR: ScalarNode, Kind.SEQUENCE: SequenceNode, Kind.MAPPING: MappingNode}
_COLLECTION_TAGS = {Kind.SEQUENCE: f"{_CORE}seq", Kind.MAPPING: f"{_CORE}map"}
_MISPLACED_COMMENT = (
    "a YAML text to merge has a comment where it cannot be kept, such as between a key and its"
    " block scalar; move the comment"
)
_EXPLICIT_START = re.compile(r"---(?=\s|\Z)")


def merge_yaml(texts: Sequence[str]) -> str:
    """Return the first document of each text laid over those before it.

    Texts without a document, or with nothing but ``null``, are skipped; without any other, the
    result is empty.

    Raises:
        InvalidError: A text is not YAML, repeats a key or breaks a bound.
    """
    if sum(map(len, texts)) > MAX_CHARACTERS:
        raise InvalidError(f"the YAML to merge is longer than {MAX_CHARACTERS} characters")
    sources = [source for text in texts if (source := text.removeprefix(_BOM)) and _holds(source)]
    if not sources:
        return ""
    try:
        return _merge(sources)
    except RecursionError as error:
        raise InvalidError("the YAML to merge is nested too deeply") from error


def _holds(source: str) -> bool:
    """Return whether a text has something to merge, once it is checked."""
    nodes = compose_all(source)
    if not nodes:
        return False
    check_expansion(nodes)
    root = nodes[0]
    return not (
        root.kind is Kind.SCALAR and root.is_plain and root.value in {"", "~", "null", "Null"}
    )


def _merge(sources: Sequence[str]) -> str:
    editor = _editor(sources[0])
    merged = _composed(editor, sources[0])
    for source in sources[1:]:
        merged = _laid_over(merged, _composed(editor, source))
    _name_anchors(merged)
    for strip in (None, without_block_comments, without_comments):
        candidate = merged if strip is None else strip(merged)
        text = _written(candidate, like=sources[0])
        if _says(editor, text, candidate):
            return text
    raise InvalidError("the merged YAML cannot be written")


def _composed(editor: YAML, source: str) -> Node:
    """Return the first document, in which block scalars have the line ends they should have."""
    try:
        root: Node = next(editor.compose_all(source))
    except YAMLError as error:
        raise InvalidError(f"error merging YAML: {one_line(error)}") from error
    except STUMBLES as error:
        raise InvalidError(_MISPLACED_COMMENT) from error
    found = compose_all(source)[0]
    _correct_block_scalars(root, found)
    if not _agrees(editor, root, found, seen=set()):
        raise InvalidError(_MISPLACED_COMMENT)
    return root


def _correct_block_scalars(node: Node, found: YamlNode) -> None:
    """Take the text of block scalars from the other parser; this one drops empty lines."""
    if isinstance(node, ScalarNode) and node.style in {"|", ">"} and found.kind is Kind.SCALAR:
        node.value = found.value
    for child, other in zip(children(node), found.children, strict=False):
        _correct_block_scalars(child, other)


def _written(root: Node, *, like: str) -> str:
    """Return the text of a value, or nothing where the library stumbles over its comments."""
    out = io.StringIO()
    try:
        _editor(like).serialize(root, out)  # one that stumbled cannot be used again
    except STUMBLES:
        return ""
    return out.getvalue()


def _editor(base: str) -> YAML:
    """Return an editor that indents as the base does."""
    editor = YAML(typ="rt")
    editor.width = 2**30
    editor.composer.warn_double_anchors = False  # YAML allows them
    editor.explicit_start = bool(_EXPLICIT_START.match(base))
    mapping, offset = _indents(compose_all(base))
    editor.indent(mapping=mapping, sequence=offset + 2, offset=offset)
    return editor


def _indents(nodes: Sequence[YamlNode]) -> tuple[int, int]:
    """Return by how many columns mappings, and the dashes of sequences, stand in from a key."""
    mapping: int | None = None
    offset: int | None = None
    for node in nodes:
        if node.kind is not Kind.MAPPING or node.in_flow_style:
            continue
        column = node.event.start_mark.column
        for child in node.children[1::2]:
            indent = child.event.start_mark.column - column
            if child.kind is Kind.MAPPING and not child.in_flow_style and indent > 1:
                mapping = mapping or indent
            if child.kind is Kind.SEQUENCE and not child.in_flow_style and offset is None:
                offset = indent
    return mapping or 2, min(max(offset or 0, 0), 8)


def _laid_over(base: Node, overlay: Node) -> Node:
    """Return the merge of two values as a new value; neither is changed."""
    if not (isinstance(base, MappingNode) and isinstance(overlay, MappingNode)):
        return carry_comment(base, _without_nulls(overlay))
    overrides = {_name(key): value for key, value in overlay.value}
    pairs: list[Pair] = []
    heading = ""
    for key, value in base.value:
        override = overrides.get(_name(key))
        if override is None or not _is_null(override):
            pairs.append((key, value if override is None else _laid_over(value, override)))
        elif pairs:
            pairs[-1] = (pairs[-1][0], followed_by(pairs[-1][1], following_lines(value)))
        else:
            heading += following_lines(value)
    present = {_name(key) for key, _ in base.value}
    added = [pair for pair in _without_nulls(overlay).value if _name(pair[0]) not in present]
    merged = _mapping_like(base, joined(pairs, added))
    merged.comment = base.comment or overlay.comment
    return prepend_comment(merged, heading)


def _without_nulls(node: Node) -> Node:
    """Return what an overlay adds: in its mappings, keys with ``null`` are left out."""
    if not isinstance(node, MappingNode) or not any(_has_null(value) for _, value in node.value):
        return node
    pairs = [(key, _without_nulls(value)) for key, value in node.value if not _is_null(value)]
    pruned = _mapping_like(node, pairs)
    pruned.comment = node.comment
    return pruned


def _has_null(node: Node) -> bool:
    if isinstance(node, MappingNode):
        return any(_has_null(value) for _, value in node.value)
    return _is_null(node)


def _mapping_like(node: MappingNode, pairs: list[Pair]) -> MappingNode:
    return MappingNode(node.tag, pairs, flow_style=node.flow_style or not pairs)


def _is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.tag == _NULL


def _name(key: Node) -> object:
    """Return what makes two keys the same; a key that is a collection is only itself."""
    return key.value if isinstance(key, ScalarNode) else id(key)


def _name_anchors(root: Node) -> None:
    """Give the serializer the names of the anchors, each to one value only."""
    taken: set[str] = set()
    seen: set[int] = set()
    pending = [root]
    while pending:
        node = pending.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        name = node.anchor
        node.anchor = None
        if isinstance(name, str) and name not in taken:
            taken.add(name)
            node.anchor = Anchor()
            node.anchor.value = name
        pending.extend(children(node))


def _says(editor: YAML, text: str, expected: Node) -> bool:
    """Return whether a text reads back as the value that it was made from."""
    try:
        nodes = compose_all(text)
    except InvalidError:
        return False
    return bool(nodes) and _agrees(editor, expected, nodes[0], seen=set())


def _agrees(editor: YAML, expected: Node, found: YamlNode, *, seen: set[tuple[int, int]]) -> bool:
    node = found if found.target is None else found.target
    if (id(expected), id(node)) in seen:
        return True
    seen.add((id(expected), id(node)))
    if type(expected) is not _KINDS[node.kind] or _tag(editor, node) != str(expected.tag):
        return False
    if node.kind is Kind.SCALAR:
        return bool(node.value == expected.value)
    expected_children = children(expected)
    return len(expected_children) == len(node.children) and all(
        _agrees(editor, child, other, seen=seen)
        for child, other in zip(expected_children, node.children, strict=True)
    )


def _tag(editor: YAML, node: YamlNode) -> str:
    if node.event.tag is not None and node.event.tag != "!":
        return node.event.tag
    if node.kind is not Kind.SCALAR:
        return _COLLECTION_TAGS[node.kind]
    implicit = (node.is_plain and node.event.tag is None, not node.is_plain)
    return str(editor.resolver.resolve(ScalarNode, node.value, implicit))
