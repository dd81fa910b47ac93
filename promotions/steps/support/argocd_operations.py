"""How does a promotion get one Application synchronized, once, whatever happens on the way?"""

import logging
from dataclasses import dataclass, replace
from typing import assert_never

from promotions.engine.argocd.application import Application, OperationPhase
from promotions.engine.argocd.authorization import require_authorized
from promotions.engine.argocd.decision import MOST_ATTEMPTS, Act, Decision, decide
from promotions.engine.argocd.desired_revisions import desired_revisions
from promotions.engine.argocd.markers import infos
from promotions.engine.argocd.source_edits import edited_sources
from promotions.engine.argocd.updates import SourceUpdate
from promotions.engine.runner import StepContext, StepError
from promotions.ports.argocd import (
    Accepted,
    AlreadyInProgress,
    Ambiguous,
    ArgoCD,
    ArgoCDError,
    BlockedByWindow,
    Conflict,
    OperationRequest,
    Outcome,
    Refused,
    Transport,
)
from promotions.steps.support.argocd_applications import current
from promotions.steps.support.argocd_ledger import Fate, Ledger, Request

logger = logging.getLogger(__name__)

MOST_CONFLICTS = 5
"""How often to decide anew, in one go, because an Application changed meanwhile."""

_FAILED = frozenset({OperationPhase.FAILED, OperationPhase.ERROR})


@dataclass(frozen=True, slots=True)
class Standing:
    """How a promotion's operation on an Application stands.

    Attributes:
        phase: Of the operation that is waited for, or that is done.
        message: What is waited for; empty if nothing is.
        took_turn: More was asked of Argo CD than what had been read before.
    """

    phase: str
    message: str = ""
    took_turn: bool = False


@dataclass(frozen=True, slots=True)
class Operations:
    """Asks one Argo CD for the operations of one step."""

    argocd: ArgoCD
    ledger: Ledger
    context: StepContext

    def advance(
        self,
        seen: Application,
        updates: tuple[SourceUpdate, ...],
        *,
        is_live: bool,
        may_ask: bool = True,
    ) -> Standing:
        """Bring an Application's operation forward and return how it stands.

        Args:
            seen: The Application.
            updates: What is wanted of its sources.
            is_live: It was just read; otherwise it is, before anything is sent.
            may_ask: Whether anything more may be asked of Argo CD now.

        Raises:
            StepError: The operation failed, or Argo CD refuses it.
            InvalidError: The updates do not fit the Application.
            ForbiddenError: It does not let the Stage change it.
            ArgoCDError: Argo CD did not do what was asked, and nothing was sent.
            UpstreamError: What was sent cannot be looked up (retryable).
        """
        decision = self._decide(seen, updates)
        if decision.act in {Act.WAIT, Act.DONE}:
            return _standing(seen, decision)
        if not may_ask:
            return Standing(OperationPhase.RUNNING, f"{seen} waits for its turn")
        return replace(self._ask(seen, updates, is_live=is_live), took_turn=True)

    def _ask(
        self, seen: Application, updates: tuple[SourceUpdate, ...], *, is_live: bool
    ) -> Standing:
        for _ in range(MOST_CONFLICTS):
            decision = self._decide(seen, updates)
            if decision.act in {Act.WAIT, Act.DONE}:
                return _standing(seen, decision)
            if is_live and (standing := self._initiate(seen, updates, decision)):
                return standing
            seen, is_live = current(self.argocd, seen), True
        return Standing(OperationPhase.RUNNING, f"{seen} changes all the time; trying again")

    def _decide(self, seen: Application, updates: tuple[SourceUpdate, ...]) -> Decision:
        desired = desired_revisions(seen.sources, updates)
        return decide(seen, promotion=self.context.promotion, desired=desired)

    def _initiate(
        self, seen: Application, updates: tuple[SourceUpdate, ...], decision: Decision
    ) -> Standing | None:
        """Ask for an operation; ``None`` if the Application changed since it was read."""
        context = self.context
        require_authorized(seen, project=context.project, stage=context.stage)
        if seen.is_deleting:
            raise StepError(f"{seen} is being deleted", terminal=True)
        has_version = self.argocd.transport is Transport.KUBERNETES
        attempt = self.ledger.next_attempt(seen, now=context.now, is_late_refused=has_version)
        if not attempt:
            message = f"an earlier request for {seen} may still arrive; waiting to be sure"
            return Standing(OperationPhase.RUNNING, message)
        if decision.act is Act.REPEAT and attempt > MOST_ATTEMPTS:
            raise StepError(
                f"{seen} is not as it should be after {attempt - 1} operations of this promotion:"
                f" {decision.reason}; make its sources follow the revision that is desired, or"
                " let the step write it with updateTargetRevision",
                terminal=True,
            )
        sources = edited_sources(seen, updates)
        request = OperationRequest(
            infos=infos(promotion=context.promotion, attempt=attempt, actor=context.actor),
            actor=context.actor,
            sources=None if sources == seen.sources else sources,
            automated=not context.actor,
        )
        return self._send(seen, request, attempt)

    def _send(self, seen: Application, request: OperationRequest, attempt: int) -> Standing | None:
        self._note(seen, attempt, Fate.SENT)
        try:
            outcome = self.argocd.initiate(seen, request)
        except ArgoCDError:
            self._note(seen, attempt, Fate.UNDONE)
            raise
        facts = {"application": seen.key, "attempt": attempt, "outcome": type(outcome).__name__}
        logger.info("asked Argo CD for an operation", extra=facts)
        return self._concluded(seen, outcome, attempt)

    def _concluded(self, seen: Application, outcome: Outcome, attempt: int) -> Standing | None:
        running = OperationPhase.RUNNING
        match outcome:
            case Accepted():
                self._note(seen, attempt, Fate.CONFIRMED)
                return Standing(running, f"{seen} is being synced")
            case Conflict():
                self._note(seen, attempt, Fate.UNDONE)
                return None
            case BlockedByWindow(message):
                self._note(seen, attempt, Fate.UNDONE)
                return Standing(running, f"{seen} waits for its sync window: {message}")
            case Refused(message):
                self._note(seen, attempt, Fate.UNDONE)
                raise StepError(f"error updating {seen}: {message}", terminal=True)
            case AlreadyInProgress(message):
                return self._looked_up(seen, attempt, message, otherwise=Fate.UNDONE)
            case Ambiguous(message):
                return self._looked_up(seen, attempt, message, otherwise=Fate.SENT)
            case _:
                assert_never(outcome)

    def _looked_up(
        self, seen: Application, attempt: int, message: str, *, otherwise: Fate
    ) -> Standing:
        """Return how it stands after a fresh look for our own mark."""
        try:
            fresh = current(self.argocd, seen)
        except ArgoCDError:
            fresh = seen
        if self.ledger.is_open(fresh, now=self.context.now):
            self._note(seen, attempt, otherwise)
            return Standing(OperationPhase.RUNNING, f"{seen}: {message}")
        return Standing(OperationPhase.RUNNING, f"{seen} is being synced")

    def _note(self, seen: Application, attempt: int, fate: Fate) -> None:
        now = self.context.now
        self.ledger.record(seen, Request(attempt, fate, now), now=now)


def _standing(seen: Application, decision: Decision) -> Standing:
    if decision.act is Act.DONE:
        if decision.phase in _FAILED:
            raise StepError(f"{seen} failed with: {decision.reason}")
        return Standing(decision.phase)
    return Standing(decision.phase, f"{seen}: {decision.reason}")
