"""What people said of promotions that need approval, what is missing, and what one may say."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse

from promotions.engine.approvals import Action, Response
from promotions.engine.quorum import ApprovalPolicy, approvers_in_words, has_approved
from promotions.models import Freight, PromotionRequest, Stage
from promotions.portal.cards import StageChip, stage_chip
from promotions.portal.frame import ProjectPage
from promotions.portal.states import State, Tone
from promotions.selectors.approvals import (
    RESOURCES,
    Pending,
    Subject,
    approval_of,
    pending_approvals,
)
from promotions.services.approvals import refusal_to_judge

_SAID: Mapping[Action, State] = {
    Action.APPROVE: State(Tone.SUCCEEDED, "Approved"),
    Action.REJECT: State(Tone.FAILED, "Rejected"),
    Action.WITHDRAW: State(Tone.STOPPED, "Withdrawn"),
    Action.EXPIRE: State(Tone.STOPPED, "Has run out"),
}


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """What one person said."""

    state: State
    answer: Response


@dataclass(frozen=True, slots=True)
class ApprovalCard:
    """One promotion or promotion request, and how it stands with its approvers.

    Attributes:
        asked: Who may approve; empty if nobody has to any more.
        missing: What is still missing, in words; empty if nothing is.
        page: Where it is shown in full.
        address: Where an answer goes to.
        refusal: Why this person may neither approve nor reject; empty if they may.
    """

    subject: Subject
    chip: StageChip
    state: State
    asked: str
    missing: str
    lapses_at: datetime | None
    answers: tuple[AnswerRow, ...]
    page: str
    address: str
    is_waiting: bool = False
    may_approve: bool = False
    may_reject: bool = False
    may_withdraw: bool = False
    refusal: str = ""


class ApprovalList(ProjectPage):
    access_resource = "promotions"
    access_verb = "list"
    section = "approvals"
    template_name = "promotions/approval_list.html"
    fragment_name = "promotions/_approval_list.html"

    def context(self) -> dict[str, Any]:
        return self.frame(approvals=waiting_cards(self))


def waiting_cards(
    page: ProjectPage, *, stage: Stage | None = None, freight: Freight | None = None
) -> list[ApprovalCard]:
    """Return what waits and needs approval, by name, as far as this person may see it."""
    kinds = [it for it, resource in RESOURCES.items() if page.may("get", resource)]
    found = pending_approvals(page.project, kinds=kinds, stage=stage, freight=freight, now=page.now)
    return [_card(it, page) for it in found]


def approval_card(page: ProjectPage, subject: Subject) -> ApprovalCard | None:
    """Return how one stands, also when it no longer waits; ``None`` if nobody is to approve it."""
    found = approval_of(subject, now=page.now)
    return None if found is None else _card(found, page)


def _card(pending: Pending, page: ProjectPage) -> ApprovalCard:
    subject, standing = pending.subject, pending.standing
    project, stage = page.project.name, subject.stage
    is_request = isinstance(subject, PromotionRequest)
    refusal = refusal_to_judge(subject, pending.policy, page.actor) if pending.is_waiting else ""
    is_for = has_approved(pending.answers, str(page.actor.user_uid))
    return ApprovalCard(
        subject=subject,
        chip=stage_chip(stage),
        state=_state(pending),
        asked=_asked(pending.policy),
        missing=_missing(pending),
        lapses_at=standing.lapses_at if pending.is_waiting else None,
        answers=tuple(AnswerRow(_SAID[it.action], it) for it in pending.answers),
        page=reverse("portal:stage", args=[project, stage.name]) + "#targets"
        if is_request
        else reverse("portal:promotion", args=[project, subject.name]),
        address=reverse(
            "portal:judge-promotion-request" if is_request else "portal:judge-promotion",
            args=[project, subject.name],
        ),
        is_waiting=pending.is_waiting,
        may_approve=pending.is_waiting and not refusal and not is_for,
        may_reject=pending.is_waiting and not refusal,
        may_withdraw=pending.is_waiting and is_for,
        refusal=refusal,
    )


def _state(pending: Pending) -> State:
    standing = pending.standing
    counted = f"{standing.given} of {standing.needed}"
    if standing.rejected_by:
        return State(Tone.FAILED, "Rejected")
    return State(Tone.SUCCEEDED if standing.is_met else Tone.WAITING, counted)


def _asked(policy: ApprovalPolicy) -> str:
    required = ", ".join(str(rule) for rule in policy.approvers if rule.required)
    asked = approvers_in_words(policy)
    return f"{asked}; among them {required}" if required else asked


def _missing(pending: Pending) -> str:
    standing = pending.standing
    if standing.is_met or not pending.is_waiting:
        return ""
    more = max(standing.needed - standing.given, 0)
    counted = [f"{more} more approval{'' if more == 1 else 's'}"] if more else []
    required = [f"somebody with {rule}" for rule in standing.missing]
    return " and ".join([*counted, *required])
