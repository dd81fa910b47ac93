"""Who may answer a step's question, and do the answers decide it?

Source: Kargo's ``wait-for-approval`` and ``get-user-input`` steps.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text

RuleKey: TypeAlias = tuple[str, str, str]
"""What a rule asks for: claim, value and role; what is not asked for is empty."""


class Action(StrEnum):
    """What somebody answered; or, of an approval, that it was taken back or has run out."""

    APPROVE = "approve"
    REJECT = "reject"
    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    EXPIRE = "expire"


ANSWERS = (Action.APPROVE, Action.REJECT, Action.SUBMIT)
"""What people answer a step with."""


class Verdict(StrEnum):
    """What the answers to a request for approval come to."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to be somebody who may answer: a claim with a value, or a role in the project.

    Attributes:
        required: Nothing is approved without somebody who matches this rule.
    """

    claim: str = ""
    value: str = ""
    role: str = ""
    required: bool = False

    @property
    def key(self) -> RuleKey:
        """What the rule asks for."""
        return self.claim, self.value, self.role

    def __str__(self) -> str:
        return f"role {self.role}" if self.role else f"{self.claim} {self.value}"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is: what is claimed of them, and their roles in the project."""

    claims: Mapping[str, JSONValue] = field(default_factory=dict)
    roles: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Response:
    """One answer.

    Attributes:
        user: As people know them.
        user_id: As long as the account exists, the same.
        matched: The rules that let them answer.
        values: What they submitted, if that is what they did.
    """

    user: str
    user_id: str
    action: Action
    at: datetime
    message: str = ""
    matched: frozenset[RuleKey] = frozenset()
    values: JSONObject | None = None


def rules_from(document: JSONValue) -> tuple[Rule, ...]:
    """Read a list of rules that its schema has accepted."""
    return tuple(
        Rule(
            claim=as_text(item.get("claim")),
            value=as_text(item.get("value")),
            role=as_text(item.get("role")),
            required=item.get("required") is True,
        )
        for item in map(as_object, as_list(document))
    )


def matching(rules: Iterable[Rule], identity: Identity) -> tuple[Rule, ...]:
    """Return the rules that somebody matches."""
    return tuple(rule for rule in rules if _matches(rule, identity))


def may_respond(rules: Sequence[Rule], identity: Identity) -> bool:
    """Return whether somebody may answer: without rules, whoever can see the promotion."""
    return not rules or bool(matching(rules, identity))


def verdict(responses: Sequence[Response], *, rules: Sequence[Rule], min_approvals: int) -> Verdict:
    """Return what the answers come to.

    One rejection decides; so do enough distinct people who approve, if somebody among them
    matches each required rule.
    """
    if any(response.action is Action.REJECT for response in responses):
        return Verdict.REJECTED
    if approvals(responses) < min_approvals or unmet(responses, rules):
        return Verdict.WAITING
    return Verdict.APPROVED


def approvals(responses: Iterable[Response]) -> int:
    """Return how many distinct people approve."""
    return len({it.user_id for it in responses if it.action is Action.APPROVE})


def unmet(responses: Iterable[Response], rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Return the required rules that nobody who approves matches."""
    met = {key for it in responses if it.action is Action.APPROVE for key in it.matched}
    return tuple(rule for rule in rules if rule.required and rule.key not in met)


def _matches(rule: Rule, identity: Identity) -> bool:
    if rule.role:
        return rule.role in identity.roles
    claimed = identity.claims.get(rule.claim)
    if isinstance(claimed, str):
        return claimed == rule.value
    return rule.value in as_list(claimed)
