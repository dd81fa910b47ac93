"""Which Applications have the labels that a step's configuration asks for?

Source: Kubernetes label selectors.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from common.errors import InvalidError
from common.jsontypes import JSONObject, as_list, as_object, as_text

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
_PREFIX = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")


class Operator(StrEnum):
    """How a label's value is looked at."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"


@dataclass(frozen=True, slots=True)
class Requirement:
    """What one label must be like; ``NOT_IN`` is also true where there is no such label."""

    key: str
    operator: Operator
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether labels are like that."""
        value = labels.get(self.key)
        match self.operator:
            case Operator.IN:
                return value in self.values
            case Operator.NOT_IN:
                return value not in self.values
            case Operator.EXISTS:
                return value is not None
            case Operator.DOES_NOT_EXIST:
                return value is None

    def __str__(self) -> str:
        return _WRITTEN[self.operator](self.key, ",".join(self.values))


_WRITTEN: Mapping[Operator, Callable[[str, str], str]] = {
    Operator.IN: lambda key, values: f"{key} in ({values})",
    Operator.NOT_IN: lambda key, values: f"{key} notin ({values})",
    Operator.EXISTS: lambda key, _: key,
    Operator.DOES_NOT_EXIST: lambda key, _: f"!{key}",
}


@dataclass(frozen=True, slots=True)
class Selector:
    """All requirements at once; printed as Kubernetes and Argo CD read it in a query."""

    requirements: tuple[Requirement, ...]

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether labels meet every requirement."""
        return all(it.matches(labels) for it in self.requirements)

    def __str__(self) -> str:
        return ",".join(map(str, self.requirements))


def selector_of(config: JSONObject) -> Selector:
    """Return the selector that a configuration describes.

    Raises:
        InvalidError: It asks for nothing, a key or value cannot be a label's, or values do not
            go with their operator.
    """
    labels = as_object(config.get("matchLabels"))
    equal = [
        _requirement(key, Operator.IN, (as_text(value),)) for key, value in sorted(labels.items())
    ]
    expressions = [_expression(as_object(it)) for it in as_list(config.get("matchExpressions"))]
    if not equal and not expressions:
        raise InvalidError("the selector asks for nothing; give matchLabels or matchExpressions")
    return Selector((*equal, *expressions))


def _expression(config: JSONObject) -> Requirement:
    name = as_text(config.get("operator"))
    if name not in list(Operator):
        known = ", ".join(Operator)
        raise InvalidError(f'"{name}" is not an operator of a label selector; use one of {known}')
    values = tuple(map(as_text, as_list(config.get("values"))))
    return _requirement(as_text(config.get("key")), Operator(name), values)


def _requirement(key: str, operator: Operator, values: tuple[str, ...]) -> Requirement:
    if not _is_key(key):
        raise InvalidError(f'"{key}" cannot be the key of a label')
    for value in values:
        if value and not _NAME.fullmatch(value):
            raise InvalidError(f'"{value}" cannot be the value of a label')
    takes_values = operator in {Operator.IN, Operator.NOT_IN}
    if takes_values and not values:
        raise InvalidError(f'"{operator}" of label "{key}" needs at least one value')
    if values and not takes_values:
        raise InvalidError(f'"{operator}" of label "{key}" takes no values')
    return Requirement(key, operator, values)


def _is_key(key: str) -> bool:
    prefix, slash, name = key.rpartition("/")
    return bool(_NAME.fullmatch(name)) and (not slash or bool(_PREFIX.fullmatch(prefix)))
