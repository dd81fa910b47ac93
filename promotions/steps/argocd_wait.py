"""``argocd-wait``: waits until Argo CD Applications are as they should be."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from common.jsontypes import JSONObject, as_list, as_object, as_text
from promotions.engine.argocd.application import Application
from promotions.engine.argocd.waiting import DEFAULT_GOALS, Goal, Look, Readiness, look
from promotions.engine.runner import (
    Effect,
    StepContext,
    StepDefaults,
    StepError,
    StepResult,
    StepStatus,
)
from promotions.ports.argocd import ArgoCD, ArgoCDError, ControlPlanes
from promotions.steps.support.argocd import apps_schema
from promotions.steps.support.argocd_applications import (
    POLL_INTERVAL,
    ask_to_refresh,
    connected,
    current,
    later,
    listed,
    selected,
)

READ_AT_ONCE = 50
"""How many Applications that a selector found are read live at one invocation, at most."""
LISTS_ARE_BEHIND = timedelta(seconds=10)
"""How long a list may not show what had happened before it was asked for, with a margin."""
SHOWN_MESSAGES = 3
"""Of how many Applications a step's message tells."""

SCHEMA = apps_schema(
    "ArgoCDWaitConfig",
    {
        "waitFor": {
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "description": "Default: health, sync and operation.",
            "items": {
                "type": "string",
                "enum": ["health", "sync", "operation", "suspended", "degraded"],
            },
        }
    },
)


@dataclass(frozen=True, slots=True)
class ArgoCDWait(StepDefaults):
    """Looks once at each invocation; needs no permission of the Applications.

    Source: Kargo's ``argocd-wait`` step. Beyond it, it waits for Argo CD's failures to pass.
    """

    planes: ControlPlanes

    kind: ClassVar[str] = "argocd-wait"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.READING
    default_timeout: ClassVar[timedelta | None] = timedelta(minutes=5)

    def run(self, context: StepContext) -> StepResult:
        """Put out ``apps`` and, for the next look, their ``healthStatus``.

        Raises:
            StepError: Errored if there is no Argo CD or an Application is missing; terminal if it
                is in error, or its health has become worse.
        """
        try:
            argocd = connected(self.planes, context, doing="check")
        except ArgoCDError as error:
            return later(error, self.planes, context, output=None)
        ran = context.now - (context.started_at or context.now)
        visit = _Visit(argocd, _earlier(context), ran)
        try:
            for entry in map(as_object, as_list(context.config.get("apps"))):
                visit.look_at(entry)
        except ArgoCDError as error:
            return later(error, self.planes, context, output=visit.output())
        except StepError as error:
            error.output = visit.output()
            raise
        if not visit.messages:
            return StepResult(output=visit.output())
        message = "; ".join(visit.messages[:SHOWN_MESSAGES])
        return StepResult(StepStatus.RUNNING, message, visit.output(), retry_after=POLL_INTERVAL)


@dataclass(slots=True)
class _Visit:
    """What one invocation has found so far.

    Attributes:
        health: The last health that is known of each Application, by its key.
        ran: For how long the step has waited already.
        read: How many were read live after a list had been.
        messages: What is waited for.
    """

    argocd: ArgoCD
    health: dict[str, str]
    ran: timedelta
    read: int = 0
    applications: list[Application] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    def look_at(self, entry: JSONObject) -> None:
        """Look at the Applications of one entry."""
        goals = tuple(Goal(as_text(it)) for it in as_list(entry.get("waitFor"))) or DEFAULT_GOALS
        found = selected(self.argocd, entry)
        self.applications.extend(found)
        for application in found:
            before = self.health.get(application.key, "")
            first = look(application, goals=goals, before=before)
            is_over = first.readiness is not Readiness.WAITING
            if entry.get("name") or not is_over or self._is_list_believed(found):
                self._take_note(application, first)
                continue
            # A list may be behind: only a live read says that the waiting is over.
            if self.read >= READ_AT_ONCE:
                self.messages.append(f"{application} is to be looked at once more")
                continue
            self.read += 1
            live = current(self.argocd, application)
            self._take_note(live, look(live, goals=goals, before=before))

    def output(self) -> JSONObject:
        """Return what the step puts out, also when it fails."""
        return {**listed(self.applications), "healthStatus": dict(self.health)}

    def _is_list_believed(self, found: tuple[Application, ...]) -> bool:
        """Return whether a list has to do, being too long to read what is in it one by one.

        It does once it is later than all that came before the step.
        """
        return len(found) > READ_AT_ONCE and self.ran >= LISTS_ARE_BEHIND

    def _take_note(self, seen: Application, found: Look) -> None:
        if found.health:
            self.health[seen.key] = found.health
        if found.is_stale:
            ask_to_refresh(self.argocd, seen)
        match found.readiness:
            case Readiness.HOPELESS:
                raise StepError(found.message, terminal=True)
            case Readiness.WAITING:
                self.messages.append(found.message)
            case Readiness.READY:
                pass


def _earlier(context: StepContext) -> dict[str, str]:
    earlier = as_object(context.state.get(context.alias))
    statuses = as_object(earlier.get("healthStatus"))
    return {key: as_text(it) for key, it in statuses.items()}
