"""Decides which Stages a selector means, by name pattern and labels.

Source: Kargo ProjectConfig ``promotionPolicies``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from common.jsontypes import JSONObject, as_text
from promotions.engine.selection.labels import LabelSelector, parse_label_selector
from promotions.engine.selection.patterns import matches_name


@dataclass(frozen=True, slots=True)
class StageSelector:
    """A name pattern (empty: any name) and a label selector; both must match."""

    name: str = ""
    labels: LabelSelector = field(default_factory=LabelSelector)

    def matches(self, stage: str, labels: Mapping[str, str]) -> bool:
        """Return whether the Stage is meant.

        Raises:
            InvalidError: The name pattern is malformed.
        """
        return (not self.name or matches_name(self.name, stage)) and self.labels.matches(labels)


def parse_stage_selector(selector: JSONObject) -> StageSelector:
    """Return the selector that a manifest's ``stageSelector`` describes.

    Raises:
        InvalidError: The label selector is malformed.
    """
    return StageSelector(as_text(selector.get("name")), parse_label_selector(selector))
