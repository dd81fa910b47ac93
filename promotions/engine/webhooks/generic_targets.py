"""Which objects does a generic receiver's action select?

Names, label values and index values are templates over the request that must come to text.

Source: Kargo ``pkg/webhook/external`` listUniqueObjects.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from common.errors import InvalidError
from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text
from promotions.engine.expressions.fields import key_path
from promotions.engine.expressions.webhook_requests import selection_text
from promotions.engine.selection.labels import LabelSelector, parse_label_selector

_Member = TypeVar("_Member", bound=StrEnum)

_LABEL_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")


class TargetKind(StrEnum):
    """What can be refreshed."""

    WAREHOUSE = "Warehouse"
    PROMOTION = "Promotion"


class TargetIndex(StrEnum):
    """What an index selector may ask for."""

    SUBSCRIBED_URLS = "subscribedURLs"
    RECEIVER_PATHS = "receiverPaths"
    PULL_REQUEST_URL = "pullRequestURL"


_INDICES = {
    TargetKind.WAREHOUSE: frozenset({TargetIndex.SUBSCRIBED_URLS, TargetIndex.RECEIVER_PATHS}),
    TargetKind.PROMOTION: frozenset({TargetIndex.PULL_REQUEST_URL}),
}


class IndexOperator(StrEnum):
    """How an index's values are compared."""

    EQUALS = "Equals"
    NOT_EQUALS = "NotEquals"


@dataclass(frozen=True, slots=True)
class Target:
    """An object that might be refreshed.

    Attributes:
        namespace: The project.
        labels: Its labels.
        indices: The values under which each index knows it.
    """

    kind: TargetKind
    namespace: str
    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    indices: Mapping[TargetIndex, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class IndexTerm:
    """One condition on an index."""

    index: TargetIndex
    operator: IndexOperator
    value: str

    def matches(self, target: Target) -> bool:
        """Return whether the index knows the target under the value, or does not."""
        is_known = self.value in target.indices.get(self.index, frozenset())
        return is_known == (self.operator is IndexOperator.EQUALS)


@dataclass(frozen=True, slots=True)
class TargetCriterion:
    """Conditions that a target must all satisfy; an empty name is none."""

    kind: TargetKind
    name: str = ""
    labels: LabelSelector = field(default_factory=LabelSelector)
    terms: tuple[IndexTerm, ...] = ()

    def matches(self, target: Target) -> bool:
        """Return whether the target satisfies every condition."""
        return (
            target.kind is self.kind
            and self.name in ("", target.name)
            and self.labels.matches(target.labels)
            and all(term.matches(target) for term in self.terms)
        )


def parse_criterion(
    criterion: JSONObject, *, environment: Mapping[str, object], path: str
) -> TargetCriterion:
    """Return an entry of ``targetSelectionCriteria`` with its templates evaluated.

    Args:
        criterion: As in the manifest.
        environment: What its templates see.
        path: Where it stands in the manifest.

    Raises:
        InvalidError: A template fails or does not come to text, a label value cannot be one, or a
            kind, index or operator is unknown.
    """
    kind = _member(TargetKind, criterion.get("kind"))
    name = as_text(criterion.get("name"))
    terms = as_list(as_object(criterion.get("indexSelector")).get("matchIndices"))
    where = f"{path}.indexSelector.matchIndices"
    return TargetCriterion(
        kind=kind,
        name=selection_text(name, environment, path=f"{path}.name") if name else "",
        labels=_labels(
            as_object(criterion.get("labelSelector")), environment, f"{path}.labelSelector"
        ),
        terms=tuple(
            _term(as_object(it), kind, environment, f"{where}[{index}]")
            for index, it in enumerate(terms)
        ),
    )


def select_targets(
    targets: Iterable[Target], *, criteria: Sequence[TargetCriterion]
) -> list[Target]:
    """Return the targets that satisfy any criterion, by namespace and name, each once."""
    selected = {
        (target.namespace, target.name, target.kind): target
        for target in targets
        if any(criterion.matches(target) for criterion in criteria)
    }
    return [selected[key] for key in sorted(selected)]


def _term(
    term: JSONObject, kind: TargetKind, environment: Mapping[str, object], path: str
) -> IndexTerm:
    index = _member(TargetIndex, term.get("key"))
    if index not in _INDICES[kind]:
        raise InvalidError(f"A {kind} has no index {index}.")
    operator = _member(IndexOperator, term.get("operator"))
    value = selection_text(as_text(term.get("value")), environment, path=f"{path}.value")
    return IndexTerm(index, operator, value)


def _labels(selector: JSONObject, environment: Mapping[str, object], path: str) -> LabelSelector:
    exact = as_object(selector.get("matchLabels"))
    expressions = map(as_object, as_list(selector.get("matchExpressions")))
    return parse_label_selector(
        {
            "matchLabels": {
                key: _label(it, environment, key_path(f"{path}.matchLabels", key))
                for key, it in exact.items()
            },
            "matchExpressions": [
                {**it, "values": _values(it, environment, f"{path}.matchExpressions[{index}]")}
                for index, it in enumerate(expressions)
            ],
        }
    )


def _values(
    requirement: JSONObject, environment: Mapping[str, object], path: str
) -> list[JSONValue]:
    values = as_list(requirement.get("values"))
    return [
        _label(value, environment, f"{path}.values[{index}]") for index, value in enumerate(values)
    ]


def _label(value: JSONValue, environment: Mapping[str, object], path: str) -> str:
    text = selection_text(as_text(value), environment, path=path)
    if _LABEL_VALUE.fullmatch(text) is None:
        raise InvalidError(f"{path}: {text!r} cannot be the value of a label.")
    return text


def _member(kind: type[_Member], value: JSONValue) -> _Member:
    text = as_text(value)
    if text not in set(kind):
        raise InvalidError(f"{text!r} is not one of {', '.join(kind)}.")
    return kind(text)
