"""A preview of a promotion: what it would change, and the button that makes it so."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from promotions.engine.preview import Outcome
from promotions.portal.cards import stage_chip
from promotions.portal.frame import ProjectPage
from promotions.portal.states import State, Tone
from promotions.selectors.previews import preview_of
from promotions.selectors.stages import stage_named

_STATES: Mapping[str, State] = {
    Outcome.RAN.value: State(Tone.SUCCEEDED, "Ran"),
    Outcome.SKIPPED.value: State(Tone.STOPPED, "Skipped"),
    Outcome.FAILED.value: State(Tone.FAILED, "Would fail"),
    Outcome.WAITS.value: State(Tone.WAITING, "Waits"),
    Outcome.WOULD.value: State(Tone.RUNNING, "Would act"),
    Outcome.UNKNOWN.value: State(Tone.UNKNOWN, "Not reached"),
}
_MARKS = {"+": "added", "-": "removed", "@": "place", "d": "file"}


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of a difference; ``kind`` is its class, empty for what did not change."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step as a preview shows it."""

    name: str
    kind: str
    effect: str
    state: State
    message: str


class PreviewPage(ProjectPage):
    access_resource = "stages"
    access_verb = "promote"
    template_name = "promotions/preview.html"
    fragment_name = "promotions/_preview.html"

    def context(self) -> dict[str, Any]:
        stage = stage_named(self.project, self.kwargs["stage"])
        preview = preview_of(stage, self.kwargs["preview"])
        result = preview.result or {}
        return self.frame(
            preview=preview,
            stage=stage,
            chip=stage_chip(stage),
            freight=preview.freight,
            steps=[_row(step) for step in result.get("steps", ())],
            effects=result.get("effects", ()),
            ending=_ending(result),
            trees=[_with_lines(tree) for tree in result.get("changes", ())],
            notes=result.get("notes", ()),
            manifests=[_with_lines(change) for change in result.get("manifests", ())],
        )


def _row(step: Mapping[str, str]) -> StepRow:
    return StepRow(
        name=step["alias"] or step["kind"],
        kind=step["kind"],
        effect=step["effect"],
        state=_STATES[step["outcome"]],
        message=step["message"],
    )


def _ending(result: Mapping[str, Any]) -> str:
    """Return how the promotion would end, if it would end without an effect."""
    phase = result.get("phase", "Running")
    return "" if phase == "Running" else f"{phase}. {result.get('message', '')}".strip()


def _with_lines(change: Mapping[str, Any]) -> dict[str, Any]:
    return {**change, "lines": list(_lines(change["patch"]))}


def _lines(patch: str) -> Iterator[DiffLine]:
    for line in patch.splitlines():
        if line.startswith(("index ", "+++", "---")):
            continue
        yield DiffLine(_MARKS.get(line[:1], ""), line)
