"""Finds the value at a dotted path of an object, for arguments that refer to a field.

Source: Argo Rollouts ``utils/analysis`` extractValueFromRollout.
"""

import re
from collections.abc import Mapping, Sequence

from common.errors import InvalidError
from common.jsontypes import JSONObject, JSONValue
from promotions.engine.analysis.int_or_string import int_value
from promotions.engine.expressions.values import format_value

_SEPARATORS = re.compile(r"[.\[\]]+")
_INDEX = re.compile(r"[+-]?[0-9]+", re.ASCII)


def field_at(document: JSONObject, path: str) -> str:
    """Return the text of the scalar at ``path``, such as ``status.conditions[0].reason``.

    Raises:
        InvalidError: The path leads nowhere, to null, or to an object or list.
    """
    value: JSONValue = document
    for section in filter(None, _SEPARATORS.split(path)):
        value = _step(value, section, path)
    if value is None:
        raise InvalidError(f"invalid path {path} in rollout")
    if _is_list(value) or isinstance(value, Mapping):
        raise InvalidError(f"path {path} in rollout must terminate in a primitive value")
    return format_value(float(value) if type(value) is int else value)


def _step(value: JSONValue, section: str, path: str) -> JSONValue:
    if isinstance(value, Mapping):
        return value.get(section)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _item(value, section)
    raise InvalidError(f"invalid path {path} in rollout")


def _item(items: Sequence[JSONValue], section: str) -> JSONValue:
    if _INDEX.fullmatch(section) is None:
        raise InvalidError(f"invalid index '{section}'")
    index = int_value(section)
    if not 0 <= index < len(items):
        raise InvalidError(f"index {index} out of range")
    return items[index]


def _is_list(value: JSONValue) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)
