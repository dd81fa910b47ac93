"""What does a step ask people: to approve, or to fill in a form?"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from common.jsontypes import JSONObject, as_object, as_text
from promotions.engine.approvals import Action, Response, Rule, Verdict, rules_from, verdict

APPROVAL = "wait-for-approval"
INPUT = "get-user-input"


@dataclass(frozen=True, slots=True)
class Question:
    """One step's question.

    Attributes:
        actions: What may be answered.
        rules: Who may answer; nobody in particular when empty.
        min_approvals: How many must approve, if approving is what it takes.
        schema: What is to be filled in, if anything, as JSON Schema.
        display: What to say to people.
    """

    actions: tuple[Action, ...]
    rules: tuple[Rule, ...] = ()
    min_approvals: int = 1
    schema: JSONObject = field(default_factory=dict)
    display: str = ""

    @property
    def is_form(self) -> bool:
        """Whether something is to be filled in."""
        return Action.SUBMIT in self.actions

    def verdict(self, responses: Sequence[Response]) -> Verdict:
        """Return what the answers come to; the first form that was filled in counts."""
        if self.is_form:
            return Verdict.APPROVED if responses else Verdict.WAITING
        return verdict(responses, rules=self.rules, min_approvals=self.min_approvals)


def question_from(kind: str, config: JSONObject) -> Question:
    """Return the question of a step of this kind with this configuration."""
    if kind == INPUT:
        return Question(
            (Action.SUBMIT,),
            rules_from(config.get("responders")),
            schema=as_object(config.get("schema")),
            display=as_text(config.get("display")),
        )
    minimum = config.get("minApprovals")
    return Question(
        (Action.APPROVE, Action.REJECT),
        rules_from(config.get("approvers")),
        min_approvals=minimum if isinstance(minimum, int) else 1,
    )
