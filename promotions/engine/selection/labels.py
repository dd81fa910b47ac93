"""Decides whether labels satisfy a Kubernetes label selector.

Source: ``k8s.io/apimachinery`` LabelSelectorAsSelector and its validation of keys and values.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from common.errors import InvalidError
from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text


class LabelOperator(StrEnum):
    """How a requirement compares a label with its values."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"


_WITH_VALUES = frozenset({LabelOperator.IN, LabelOperator.NOT_IN})
_WORD = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
_DOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LONGEST_WORD = 63
_LONGEST_DOMAIN = 253


@dataclass(frozen=True, slots=True)
class LabelRequirement:
    """One condition on one label."""

    key: str
    operator: LabelOperator
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether the labels satisfy the condition; an absent label is not in any list."""
        match self.operator:
            case LabelOperator.IN:
                return self.key in labels and labels[self.key] in self.values
            case LabelOperator.NOT_IN:
                return labels.get(self.key) not in self.values
            case LabelOperator.EXISTS:
                return self.key in labels
            case LabelOperator.DOES_NOT_EXIST:
                return self.key not in labels


@dataclass(frozen=True, slots=True)
class LabelSelector:
    """Conditions that must all hold; none at all matches everything."""

    requirements: tuple[LabelRequirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether the labels satisfy every condition."""
        return all(requirement.matches(labels) for requirement in self.requirements)


def parse_label_selector(selector: JSONObject) -> LabelSelector:
    """Return the selector that ``matchLabels`` and ``matchExpressions`` describe.

    Raises:
        InvalidError: An operator is unknown, or has values it cannot use or lacks those it needs.
    """
    exact = tuple(
        _requirement(key, LabelOperator.IN, (as_text(value),))
        for key, value in as_object(selector.get("matchLabels")).items()
    )
    expressions = (_parse_requirement(it) for it in as_list(selector.get("matchExpressions")))
    return LabelSelector((*exact, *expressions))


def _parse_requirement(value: JSONValue) -> LabelRequirement:
    requirement = as_object(value)
    key, name = as_text(requirement.get("key")), as_text(requirement.get("operator"))
    values = tuple(as_text(it) for it in as_list(requirement.get("values")))
    if name not in set(LabelOperator):
        raise InvalidError(f"{name!r} is not an operator; use one of {', '.join(LabelOperator)}.")
    return _requirement(key, LabelOperator(name), values)


def _requirement(key: str, operator: LabelOperator, values: tuple[str, ...]) -> LabelRequirement:
    if bool(values) != (operator in _WITH_VALUES):
        problem = "needs at least one value" if operator in _WITH_VALUES else "takes no values"
        raise InvalidError(f"The operator {operator} on label {key!r} {problem}.")
    domain, slash, word = key.rpartition("/")
    if not _is_word(word) or (slash and not _is_domain(domain)):
        raise InvalidError(f"{key!r} is not the key of a label.")
    for value in values:
        if value and not _is_word(value):
            raise InvalidError(f"{value!r} cannot be the value of the label {key!r}.")
    return LabelRequirement(key, operator, values)


def _is_word(text: str) -> bool:
    return len(text) <= _LONGEST_WORD and _WORD.fullmatch(text) is not None


def _is_domain(text: str) -> bool:
    return len(text) <= _LONGEST_DOMAIN and _DOMAIN.fullmatch(text) is not None
