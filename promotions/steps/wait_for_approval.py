"""``wait-for-approval``: goes on once enough people approve, fails once one of them rejects."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from common.errors import UpstreamError
from common.jsontypes import JSONObject, JSONValue
from promotions.engine.approvals import Action, Response, Verdict, approvals, unmet
from promotions.engine.questions import APPROVAL, Question, question_from
from promotions.engine.runner import (
    Effect,
    StepContext,
    StepDefaults,
    StepError,
    StepResult,
    StepStatus,
)
from promotions.ports.origin import origin_of
from promotions.ports.responses import Responses
from promotions.steps.support.people import POLL_INTERVAL, asked, rules_schema, time_text
from promotions.steps.support.web import DURATION_SCHEMA, duration

SCHEMA: JSONObject = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "WaitForApprovalConfig",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "approvers": rules_schema({"required": {"type": "boolean"}}),
        "minApprovals": {
            "type": "integer",
            "minimum": 1,
            "maximum": 2147483647,
            "description": "How many people must approve; 1 by default.",
        },
        "pollInterval": {**DURATION_SCHEMA, "description": "Only a fallback; 30s by default."},
    },
}


@dataclass(frozen=True, slots=True)
class WaitForApproval(StepDefaults):
    """Asks people, and waits. Answers are kept as long as the promotion.

    Source: Kargo's ``wait-for-approval`` step, after its documentation.
    """

    responses: Responses

    kind: ClassVar[str] = APPROVAL
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.EFFECTING

    def run(self, context: StepContext) -> StepResult:
        """Ask, and put out ``responses`` so far.

        Raises:
            StepError: Somebody rejected (Failed, terminal), or the platform did not answer.
        """
        interval = duration(context.config, "pollInterval", default=POLL_INTERVAL)
        question = question_from(APPROVAL, context.config)
        try:
            given = self.responses.ask(
                origin_of(context), kind=APPROVAL, config=asked(context.config)
            )
        except UpstreamError as error:
            raise StepError(f"error looking for responses: {error}") from error
        output: JSONObject = {"responses": _shown(given)}
        match question.verdict(given):
            case Verdict.APPROVED:
                return StepResult(message=_approved(given), output=output)
            case Verdict.REJECTED:
                raise StepError(_rejected(given), failed=True, terminal=True, output=output)
            case Verdict.WAITING:
                message = _waiting(question, given)
                return StepResult(StepStatus.RUNNING, message, output, retry_after=interval)

    def would(self, context: StepContext) -> str:
        """Say how many are asked."""
        question = question_from(APPROVAL, context.config)
        return f"wait for {_counted(question.min_approvals)}"


def _shown(given: Iterable[Response]) -> list[JSONValue]:
    return [
        {
            "user": it.user,
            "action": it.action.value,
            "time": time_text(it.at),
            **({"message": it.message} if it.message else {}),
        }
        for it in given
    ]


def _approved(given: Sequence[Response]) -> str:
    users = dict.fromkeys(it.user for it in given if it.action is Action.APPROVE)
    return f"approved by {', '.join(users)}"


def _rejected(given: Sequence[Response]) -> str:
    rejection = next(it for it in given if it.action is Action.REJECT)
    said = f": {rejection.message}" if rejection.message else ""
    return f"rejected by {rejection.user}{said}"


def _waiting(question: Question, given: Sequence[Response]) -> str:
    counted = f"{approvals(given)} of {_counted(question.min_approvals)}"
    missing = " and ".join(map(str, unmet(given, question.rules)))
    return f"waiting: {counted}" + (f"; somebody with {missing} must approve" if missing else "")


def _counted(number: int) -> str:
    return f"{number} approval{'' if number == 1 else 's'}"
