"""Moves the comments of YAML values when the values move.

The library hangs a comment, and the lines between it and the next key, on the last scalar before
it; what is removed or replaced therefore takes the heading of its neighbour along.
"""

import copy
from typing import TypeAlias

from ruamel.yaml.error import CommentMark, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.tokens import CommentToken

STUMBLES = (
    *(YAMLError, AssertionError, AttributeError, IndexError, KeyError, NotImplementedError),
    *(RecursionError, TypeError, ValueError),
)
"""What the library raises over comments in places that it did not foresee."""

Pair: TypeAlias = tuple[Node, Node]


def carry_comment(old: Node, new: Node) -> Node:
    """Return ``new`` with the comments of ``old``, which it replaces."""
    if isinstance(old, ScalarNode) and isinstance(new, ScalarNode):
        if old.comment is None or _is_block(old) or _is_block(new):
            return new
        carried = copy.copy(new)
        carried.comment = old.comment
        return carried
    return followed_by(new, following_lines(old))


def following_lines(node: Node) -> str:
    """Return the comment lines between a value and the next key, not the one beside it."""
    _, _, lines = _comment_text(_last_leaf(node)).partition("\n")
    return lines if "#" in lines else ""


def followed_by(node: Node, lines: str) -> Node:
    """Return the value followed by more lines; a block scalar has no place for them."""
    leaf = _last_leaf(node)
    if not lines or _is_block(leaf):
        return node
    return _with_comment_text(node, (_comment_text(leaf) or "\n") + lines)


def joined(pairs: list[Pair], added: list[Pair]) -> list[Pair]:
    """Return pairs with others after them; the heading of what follows them stays behind both."""
    if not pairs or not added or _is_block(_last_leaf(added[-1][1])):
        return [*pairs, *added]
    (key, value), (last_key, last_value) = pairs[-1], added[-1]
    lines = following_lines(value)
    if lines:
        beside, _, _ = _comment_text(_last_leaf(value)).partition("\n")
        value = _with_comment_text(value, f"{beside}\n")
        last_value = followed_by(last_value, lines)
    return [*pairs[:-1], (key, value), *added[:-1], (last_key, last_value)]


def prepend_comment(mapping: MappingNode, text: str) -> MappingNode:
    """Return the mapping with more lines before its first key."""
    if text:
        before, *rest = mapping.comment or [None, None]
        head = list(rest[0] or []) if rest else []
        token = CommentToken(text, CommentMark(0), None)
        mapping.comment = [before, [*head, token], *rest[1:]]
    return mapping


def without_comments(root: Node) -> Node:
    """Return a copy of the value that has no comments; what was shared stays shared."""
    copied: Node = copy.deepcopy(root)
    for node in _all_nodes(copied):
        node.comment = None
    return copied


def without_block_comments(root: Node) -> Node:
    """Return a copy without the comments of block scalars, which cannot always be written."""
    copied: Node = copy.deepcopy(root)
    for node in _all_nodes(copied):
        if _is_block(node):
            node.comment = None
    return copied


def children(node: Node) -> list[Node]:
    """Return the elements of a sequence, or the keys and values of a mapping in turn."""
    if isinstance(node, MappingNode):
        return [child for pair in node.value for child in pair]
    return list(node.value) if isinstance(node, SequenceNode) else []


def _all_nodes(root: Node) -> list[Node]:
    """Return every value once, however often it is used."""
    found, seen = [root], {id(root)}
    for node in found:
        for child in children(node):
            if id(child) not in seen:
                seen.add(id(child))
                found.append(child)
    return found


def _comment_text(leaf: Node) -> str:
    token = leaf.comment[0] if leaf.comment and not _is_block(leaf) else None
    return str(token.value) if isinstance(token, CommentToken) else ""


def _with_comment_text(node: Node, text: str) -> Node:
    """Return a copy of a value whose last scalar has another comment."""
    leaf = _last_leaf(node)
    token = leaf.comment[0] if leaf.comment else None
    mark = CommentMark(token.start_mark.column if token else 0)
    changed = copy.copy(leaf)
    changed.comment = [CommentToken(text, mark, None), None]
    for parent in reversed(_path_to_last(node)):
        changed = _with_last(parent, changed)
    return changed


def _is_block(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.style in {"|", ">"}


def _last_leaf(node: Node) -> Node:
    path = _path_to_last(node)
    return _last_child(path[-1]) if path else node


def _path_to_last(node: Node) -> list[Node]:
    """Return the block collections on the way to the last scalar of a value."""
    path: list[Node] = []
    while _goes_on(node):
        path.append(node)
        node = _last_child(node)
    return path


def _goes_on(node: Node) -> bool:
    return isinstance(node, MappingNode | SequenceNode) and bool(node.value) and not node.flow_style


def _last_child(node: Node) -> Node:
    last = node.value[-1]
    child: Node = last[1] if isinstance(node, MappingNode) else last
    return child


def _with_last(parent: Node, child: Node) -> Node:
    changed = copy.copy(parent)
    last = (parent.value[-1][0], child) if isinstance(parent, MappingNode) else child
    changed.value = [*parent.value[:-1], last]
    return changed
