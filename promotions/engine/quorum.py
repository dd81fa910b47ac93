"""May a promotion that needs approval start, and who may approve it?

A policy says how many people have to agree, and who they may be. Whoever asked for the promotion
and whoever put the Freight together do not count, unless the policy says so. Approvals run out
and can be taken back; one rejection decides. This platform's own: Kargo approves Freight for a
Stage by one person.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from common.jsontypes import JSONObject, as_object, as_text
from promotions.engine.analysis.timing import after, duration_of
from promotions.engine.approvals import (
    Action,
    Identity,
    Response,
    Rule,
    matching,
    rules_from,
    unmet,
)
from promotions.engine.eligibility import Bars, Code, Reason, reason
from promotions.engine.selection.stages import StageSelector, parse_stage_selector


@dataclass(frozen=True, slots=True)
class ApprovalPolicy:
    """What promotions to the Stages that it selects need before they start.

    Attributes:
        approvers: Who may approve; without any, whoever may promote to the Stage.
        may_ask: Whether who asked for the promotion may approve it, too.
        may_author: Whether who put the Freight together may approve it, too.
        expires_after: How long an approval counts; ``None`` is for ever.
    """

    selector: StageSelector = field(default_factory=StageSelector)
    min_approvals: int = 1
    approvers: tuple[Rule, ...] = ()
    may_ask: bool = False
    may_author: bool = False
    expires_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, by account and by name; either may be unknown."""

    uid: str = ""
    name: str = ""

    def is_same(self, other: "Person") -> bool:
        """Return whether that is the same person, as far as is known."""
        return bool(self.uid and self.uid == other.uid) or bool(
            self.name and self.name == other.name
        )


NOBODY = Person()
"""Who is nobody's same, itself included."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a promotion stands with its approvers.

    Attributes:
        given: How many people's approvals count now.
        missing: Approvers that the policy requires and nobody is.
        rejected_by: Who rejected it; empty if nobody did.
        lapses_at: When the first of the approvals that count runs out.
    """

    given: int
    needed: int
    missing: tuple[Rule, ...] = ()
    rejected_by: str = ""
    lapses_at: datetime | None = None

    @property
    def is_met(self) -> bool:
        """Whether the promotion may start."""
        return not self.rejected_by and self.given >= self.needed and not self.missing


def parse_approval_policy(document: JSONObject) -> ApprovalPolicy:
    """Return the policy that an entry of ``approvalPolicies`` describes.

    Raises:
        InvalidError: The label selector or the duration is malformed.
    """
    count = document.get("minApprovals")
    expires = as_text(document.get("expiresAfter"))
    return ApprovalPolicy(
        selector=parse_stage_selector(as_object(document.get("stageSelector"))),
        min_approvals=count if isinstance(count, int) else 1,
        approvers=rules_from(document.get("approvers")),
        may_ask=document.get("allowRequester") is True,
        may_author=document.get("allowFreightCreator") is True,
        expires_after=duration_of(expires) if expires else None,
    )


def policy_for(
    policies: Iterable[ApprovalPolicy], *, stage: str, labels: dict[str, str]
) -> ApprovalPolicy | None:
    """Return the first policy about a Stage, which decides; ``None`` if none is."""
    return next((it for it in policies if it.selector.matches(stage, labels)), None)


def standing(
    policy: ApprovalPolicy,
    responses: Sequence[Response],
    *,
    now: datetime,
    requester: Person = NOBODY,
    author: Person = NOBODY,
) -> Standing:
    """Return what people's answers, oldest first, come to.

    The policy as it is now decides: an approval by somebody who may not approve under it, although
    they might when they did, does not count. One person with several accounts counts once.
    """
    rejected = next((it.user for it in responses if it.action is Action.REJECT), "")
    counting = [
        it
        for it in _last_words(responses)
        if not _is_over(policy, it, now=now)
        and _may_count(policy, it, requester=requester, author=author)
    ]
    lapses = [after(it.at, policy.expires_after) for it in counting if policy.expires_after]
    return Standing(
        given=min(len({it.user_id for it in counting}), len({it.user for it in counting})),
        needed=policy.min_approvals,
        missing=unmet(counting, policy.approvers),
        rejected_by=rejected,
        lapses_at=min(lapses, default=None),
    )


def run_out(
    policy: ApprovalPolicy, responses: Sequence[Response], *, now: datetime
) -> tuple[Response, ...]:
    """Return the approvals that no longer count, and of which nobody was told yet."""
    return tuple(it for it in _last_words(responses) if _is_over(policy, it, now=now))


def has_approved(responses: Sequence[Response], user_id: str) -> bool:
    """Return whether somebody approves: was for it, and took nothing back."""
    return any(it.user_id == user_id for it in _last_words(responses))


def refusal_to_answer(
    policy: ApprovalPolicy,
    person: Person,
    identity: Identity,
    *,
    requester: Person,
    author: Person,
) -> str:
    """Return why somebody may not answer; empty if they may."""
    if _has_asked(policy, person, requester):
        return "You asked for this promotion; somebody else has to approve it"
    if _has_authored(policy, person, author):
        return "You put this Freight together; somebody else has to approve it"
    if policy.approvers and not matching(policy.approvers, identity):
        return f"Only these approve it: {approvers_in_words(policy)}"
    return ""


def why_not_approved(policy: ApprovalPolicy, found: Standing) -> Reason | None:
    """Return what is missing and who can give it; ``None`` if the promotion may start."""
    if found.is_met:
        return None
    required = ", ".join(map(str, found.missing))
    approvers = approvers_in_words(policy)
    if required:
        approvers = f"{approvers}; among them {required}"
    return reason(
        Code.APPROVALS_MISSING,
        bars=Bars.START,
        given=found.given,
        needed=found.needed,
        approvers=approvers,
    )


def approvers_in_words(policy: ApprovalPolicy) -> str:
    """Return who may approve."""
    return " or ".join(map(str, policy.approvers)) or "whoever may promote to the Stage"


def _may_count(
    policy: ApprovalPolicy, approval: Response, *, requester: Person, author: Person
) -> bool:
    person = Person(approval.user_id, approval.user)
    if _has_asked(policy, person, requester) or _has_authored(policy, person, author):
        return False
    return not policy.approvers or any(it.key in approval.matched for it in policy.approvers)


def _has_asked(policy: ApprovalPolicy, person: Person, requester: Person) -> bool:
    return not policy.may_ask and person.is_same(requester)


def _has_authored(policy: ApprovalPolicy, person: Person, author: Person) -> bool:
    return not policy.may_author and person.is_same(author)


def _last_words(responses: Sequence[Response]) -> list[Response]:
    """Return the last answer of each person who approves."""
    last = {it.user_id: it for it in responses}
    return [it for it in last.values() if it.action is Action.APPROVE]


def _is_over(policy: ApprovalPolicy, approval: Response, *, now: datetime) -> bool:
    return policy.expires_after is not None and now >= after(approval.at, policy.expires_after)
