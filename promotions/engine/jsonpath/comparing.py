"""Compares the two sides of a JSONPath filter.

Only values of the same kind compare, and a number without a fraction in the path is an integer:
data from JSON, whose numbers are all floats, compares with ``1.0`` and not with ``1``.

Source: Kubernetes client-go ``third_party/forked/golang/template`` Equal, Less and the like.
"""

from collections.abc import Callable, Mapping
from enum import Enum, auto

from promotions.engine.jsonpath.errors import JSONPathError

Compare = Callable[[object, object], bool]


class _Kind(Enum):
    BOOL = auto()
    INT = auto()
    FLOAT = auto()
    STRING = auto()


def compare(operator: str, left: object, right: object) -> bool:
    """Return whether ``left operator right`` holds.

    Raises:
        JSONPathError: There is no such operator, or it does not take such values.
    """
    if operator not in _OPERATORS:
        raise JSONPathError(f"unrecognized filter operator {operator}")
    return _OPERATORS[operator](left, right)


def _equal(left: object, right: object) -> bool:
    _common_kind(left, right)
    return left == right


def _less(left: object, right: object) -> bool:
    if _common_kind(left, right) is _Kind.BOOL:
        raise JSONPathError("invalid type for comparison")
    if isinstance(left, str) and isinstance(right, str):
        return _bytes(left) < _bytes(right)
    return isinstance(left, int | float) and isinstance(right, int | float) and left < right


def _less_or_equal(left: object, right: object) -> bool:
    return _less(left, right) or _equal(left, right)


def _common_kind(left: object, right: object) -> _Kind:
    kind = _kind(left)
    if kind is not _kind(right):
        raise JSONPathError("incompatible types for comparison")
    return kind


def _kind(value: object) -> _Kind:
    for kind, types in _KINDS.items():
        if isinstance(value, types):
            return kind
    raise JSONPathError("invalid type for comparison")


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogateescape")


_KINDS: Mapping[_Kind, type] = {
    _Kind.BOOL: bool,  # before INT: Python's booleans are integers
    _Kind.INT: int,
    _Kind.FLOAT: float,
    _Kind.STRING: str,
}
_OPERATORS: Mapping[str, Compare] = {
    "==": _equal,
    "!=": lambda left, right: not _equal(left, right),
    "<": _less,
    "<=": _less_or_equal,
    ">": lambda left, right: not _less_or_equal(left, right),
    ">=": lambda left, right: not _less(left, right),
}
