"""``argocd-update``: changes the sources of Argo CD Applications and syncs them."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from common.errors import ForbiddenError, InvalidError
from common.jsontypes import JSONObject, JSONValue, as_list, as_object
from promotions.engine.argocd.aggregation import aggregate
from promotions.engine.argocd.application import Application
from promotions.engine.argocd.desired_revisions import desired_revisions, unchecked_sources
from promotions.engine.argocd.source_edits import require_compatible
from promotions.engine.argocd.updates import SourceUpdate, updates_of
from promotions.engine.runner import (
    Effect,
    HealthCheck,
    StepContext,
    StepDefaults,
    StepError,
    StepResult,
    StepStatus,
)
from promotions.ports.argocd import ArgoCDError, ControlPlanes
from promotions.ports.intents import Intents
from promotions.ports.origin import origin_of
from promotions.steps.support.argocd import apps_schema, described_apps
from promotions.steps.support.argocd_applications import (
    POLL_INTERVAL,
    connected,
    later,
    listed,
    permitted,
    selected,
)
from promotions.steps.support.argocd_ledger import Ledger
from promotions.steps.support.argocd_operations import Operations, Standing

ASKED_AT_ONCE = 30
"""For how many Applications an operation is begun at one invocation: one that is meant for
thousands neither keeps a worker for an hour, nor goes on for long when its promotion is aborted."""
SHOWN_MESSAGES = 3
"""Of how many Applications a step's message tells."""

_TEXT: JSONObject = {"type": "string", "minLength": 1}
_UNSET: JSONObject = {"enum": [None, ""]}

_KUSTOMIZE: JSONObject = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "images": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["repoURL"],
                "properties": {
                    "repoURL": _TEXT,
                    "newName": _TEXT,
                    "tag": {"type": "string"},
                    "digest": {"type": "string"},
                },
                "oneOf": [
                    {"properties": {"digest": _UNSET, "tag": _UNSET}},
                    {
                        "required": ["digest"],
                        "properties": {"digest": {"minLength": 1}, "tag": _UNSET},
                    },
                    {
                        "required": ["tag"],
                        "properties": {"digest": _UNSET, "tag": {"minLength": 1}},
                    },
                ],
            },
        }
    },
}
_HELM: JSONObject = {
    "type": "object",
    "additionalProperties": False,
    "required": ["images"],
    "properties": {
        "images": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["key", "value"],
                "properties": {"key": _TEXT, "value": {"type": "string"}},
            },
        }
    },
}
_SOURCE: JSONObject = {
    "type": "object",
    "additionalProperties": False,
    "required": ["repoURL"],
    "properties": {
        "repoURL": {**_TEXT, "description": "Which of the Application's sources."},
        "chart": {**_TEXT, "description": "The chart, for a source that is a Helm repository."},
        "desiredRevision": {**_TEXT, "description": "What the source is to be synced to."},
        "updateTargetRevision": {
            "type": "boolean",
            "description": "Also write desiredRevision to the source.",
        },
        "kustomize": _KUSTOMIZE,
        "helm": _HELM,
    },
    "oneOf": [
        {
            "properties": {
                "desiredRevision": _UNSET,
                "updateTargetRevision": {"enum": [False, None]},
            }
        },
        {"required": ["desiredRevision"], "properties": {"desiredRevision": {"minLength": 1}}},
    ],
}

SCHEMA = apps_schema(
    "ArgoCDUpdateConfig", {"sources": {"type": "array", "minItems": 1, "items": _SOURCE}}
)


@dataclass(frozen=True, slots=True)
class ArgoCDUpdate(StepDefaults):
    """Looks once at each invocation, and asks Argo CD for no operation twice.

    Source: Kargo's ``argocd-update`` step. Beyond it, Argo CD's failures that may pass are waited
    for, and what was asked is written down before.
    """

    planes: ControlPlanes
    intents: Intents

    kind: ClassVar[str] = "argocd-update"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.EFFECTING
    default_timeout: ClassVar[timedelta | None] = timedelta(minutes=5)

    def run(self, context: StepContext) -> StepResult:
        """Put out ``apps``, and have their health looked after once all are synchronized.

        Raises:
            StepError: Errored if there is no Argo CD, an Application is missing, is not authorized
                or does not fit, or its operation failed; terminal where Argo CD refuses.
        """
        try:
            argocd = connected(self.planes, context, doing="update")
        except ArgoCDError as error:
            return later(error, self.planes, context, output=None)
        ledger = Ledger(self.intents, origin_of(context), promotion=context.promotion)
        visit = _Visit(Operations(argocd, ledger, context))
        try:
            for entry in map(as_object, as_list(context.config.get("apps"))):
                visit.bring_forward(entry)
            status = aggregate(visit.phases)
        except ArgoCDError as error:
            output = listed(visit.applications) if visit.applications else None
            return later(error, self.planes, context, output=output)
        except (ForbiddenError, InvalidError) as error:
            raise StepError(error.message) from error
        return visit.result(status)

    def would(self, context: StepContext) -> str:
        """Name the Applications."""
        return f"update and sync the Argo CD Applications {described_apps(context.config)}"


@dataclass(slots=True)
class _Visit:
    """What one invocation has found so far."""

    operations: Operations
    applications: list[Application] = field(default_factory=list)
    phases: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    checked: list[JSONValue] = field(default_factory=list)
    turns: int = 0

    def bring_forward(self, entry: JSONObject) -> None:
        """Bring the operations of one entry's Applications forward."""
        context, argocd = self.operations.context, self.operations.argocd
        found = permitted(selected(argocd, entry), entry, context)
        self.applications.extend(found)
        updates = updates_of(entry)
        require_compatible(found, updates)
        for seen in found:
            standing = self.operations.advance(
                seen,
                updates,
                is_live=bool(entry.get("name")),
                may_ask=self.turns < ASKED_AT_ONCE,
            )
            self.turns += standing.took_turn
            self._take_note(seen, updates, standing)

    def result(self, status: StepStatus) -> StepResult:
        """Return what the invocation comes to.

        Raises:
            StepError: An operation failed.
        """
        output = listed(self.applications)
        message = "; ".join(self.messages[:SHOWN_MESSAGES])
        match status:
            case StepStatus.SUCCEEDED:
                check = HealthCheck(ArgoCDUpdate.kind, {"apps": self.checked})
                return StepResult(message=message, output=output, health_check=check)
            case StepStatus.RUNNING:
                return StepResult(status, message, output, retry_after=POLL_INTERVAL)
            case _:
                raise StepError("an operation on an Argo CD Application failed", output=output)

    def _take_note(
        self, seen: Application, updates: tuple[SourceUpdate, ...], standing: Standing
    ) -> None:
        self.phases.append(standing.phase)
        if standing.message:
            self.messages.append(standing.message)
        for written, wanted in unchecked_sources(seen.sources, updates):
            self.messages.append(
                f"the revision of source {written} of {seen} is not looked at, since the step"
                f" writes it as {wanted}"
            )
        desired = desired_revisions(seen.sources, updates)
        self.checked.append(
            {"name": seen.name, "namespace": seen.namespace, "desiredRevisions": list(desired)}
        )
