"""What a step puts out, and where later steps find it.

Source: Kargo ``pkg/promotion`` State and task output propagation.
"""

import math
from collections.abc import Mapping, Sequence

from common.jsontypes import JSONObject, JSONValue, as_object
from promotions.engine import gostrings
from promotions.engine.inflation import alias_namespace


def plain_output(output: object) -> JSONObject | None:
    """Return a copy of a step's output made of dicts, lists and scalars only.

    Characters that cannot be stored become U+FFFD.

    Raises:
        TypeError: It is not an object, or holds something that JSON cannot carry.
    """
    if output is None:
        return None
    copy = _plain(output, "output")
    if not isinstance(copy, Mapping):
        raise TypeError("the output is not an object")
    return copy


def stored(
    state: JSONObject, *, alias: str, output: JSONObject | None, propagates: bool
) -> dict[str, JSONValue]:
    """Return the outputs by alias with one step's output among them.

    ``None`` keeps what the step put out before. A step that propagates also has its output
    merged under the alias of the task it is in.
    """
    result = dict(state)
    if output is None:
        result.setdefault(alias, {})
        return result
    result[alias] = output
    namespace = alias_namespace(alias)
    if propagates and namespace:
        result[namespace] = {**as_object(result.get(namespace)), **output}
    return result


def _plain(value: object, path: str) -> JSONValue:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return _number(value, path)
    if isinstance(value, str):
        return gostrings.storable(value)
    if isinstance(value, Mapping):
        return {_key(key, path): _plain(item, f"{path}.{key}") for key, item in value.items()}
    return _items(value, path)


def _number(value: float, path: str) -> float:
    if not math.isfinite(value):
        raise TypeError(f"{path} is {value}, which JSON cannot carry")
    return value


def _key(key: object, path: str) -> str:
    if not isinstance(key, str):
        raise TypeError(f"{path} has a key that is not a string")
    return gostrings.storable(key)


def _items(value: object, path: str) -> list[JSONValue]:
    if not isinstance(value, Sequence) or isinstance(value, bytes | bytearray):
        raise TypeError(f"{path} is a {type(value).__name__}, which JSON cannot carry")
    return [_plain(item, f"{path}.{index}") for index, item in enumerate(value)]
