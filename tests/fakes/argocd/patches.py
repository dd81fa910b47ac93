"""What a patch makes of an object: RFC 7396 (merge) and RFC 6902 (a list of operations)."""

import copy
from collections.abc import Iterable
from typing import Any


class PatchError(ValueError):
    """The patch does not apply."""


def merged(target: Any, patch: Any) -> Any:
    """Return ``target`` after a merge patch: null removes, lists are replaced whole."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def patched(document: Any, operations: Any) -> Any:
    """Return ``document`` after a JSON patch.

    Raises:
        PatchError: An operation is malformed, meets nothing, or a test fails.
    """
    if not isinstance(operations, list):
        raise PatchError("cannot unmarshal object into Go value of type jsonpatch.Patch")
    holder = {"": copy.deepcopy(document)}
    for operation in operations:
        _apply(holder, operation)
    return holder[""]


def _apply(holder: Any, operation: dict[str, Any]) -> None:
    kind, path = operation.get("op"), str(operation.get("path", ""))
    match kind:
        case "test":
            if _found(holder, path, default=None) != operation.get("value"):
                raise PatchError(f"testing value {path} failed: test failed")
        case "add" | "replace":
            _put(holder, path, operation.get("value"), is_new=kind == "add")
        case "remove":
            _remove(holder, path)
        case "copy" | "move":
            source = str(operation.get("from", ""))
            value = copy.deepcopy(_found(holder, source))
            if kind == "move":
                _remove(holder, source)
            _put(holder, path, value, is_new=True)
        case _:
            raise PatchError(f"Unexpected kind: {kind}")


_RAISE = object()


def _found(holder: Any, path: str, *, default: Any = _RAISE) -> Any:
    node = holder
    for key in _keys(path):
        try:
            node = node[int(key)] if isinstance(node, list) else node[key]
        except (KeyError, IndexError, ValueError, TypeError):
            if default is not _RAISE:
                return default
            raise PatchError(f"{path}: doc is missing path: missing value") from None
    return node


def _put(holder: Any, path: str, value: Any, *, is_new: bool) -> None:
    parent, key = _parent(holder, path)
    if isinstance(parent, list):
        index = len(parent) if key == "-" else _index(key, path)
        if is_new and index <= len(parent):
            parent.insert(index, value)
            return
        if index >= len(parent):
            raise PatchError(f"{path}: index out of bounds: invalid index referenced")
        parent[index] = value
        return
    if not is_new and key not in parent:
        raise PatchError(f"replace operation does not apply: doc is missing key: {path}")
    parent[key] = value


def _remove(holder: Any, path: str) -> None:
    parent, key = _parent(holder, path)
    try:
        del parent[int(key) if isinstance(parent, list) else key]
    except (KeyError, IndexError, ValueError):
        raise PatchError(f"Unable to remove nonexistent key: {key}: missing value") from None


def _parent(holder: Any, path: str) -> tuple[Any, str]:
    *above, last = _keys(path)
    node = holder
    for key in above:
        try:
            node = node[int(key)] if isinstance(node, list) else node[key]
        except (KeyError, IndexError, ValueError, TypeError):
            raise PatchError(f"doc is missing path: {path}: missing value") from None
    if not isinstance(node, dict | list):
        raise PatchError(f"doc is missing path: {path}: missing value")
    return node, last


def _keys(path: str) -> Iterable[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")]


def _index(key: str, path: str) -> int:
    if not key.isdigit():
        raise PatchError(f"{path}: invalid index referenced")
    return int(key)
