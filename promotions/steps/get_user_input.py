"""``get-user-input``: waits until somebody fills in a form, and puts out what they wrote."""

from dataclasses import dataclass
from typing import ClassVar

from common.errors import InvalidError, UpstreamError
from common.jsontypes import JSONObject
from promotions.engine.forms.schemas import read_schema
from promotions.engine.questions import INPUT, question_from
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
    "title": "GetUserInputConfig",
    "type": "object",
    "additionalProperties": False,
    "required": ["schema"],
    "properties": {
        "schema": {
            "type": "object",
            "description": "JSON Schema of the values, of draft 4, 6 or 7, with type: object.",
        },
        "responders": rules_schema({}),
        "display": {"type": "string", "description": "Shown with the form."},
        "pollInterval": {**DURATION_SCHEMA, "description": "Only a fallback; 30s by default."},
    },
}


@dataclass(frozen=True, slots=True)
class GetUserInput(StepDefaults):
    """Asks people, and waits. The first values that fit are kept as long as the promotion.

    Source: Kargo's ``get-user-input`` step, after its documentation.
    """

    responses: Responses

    kind: ClassVar[str] = INPUT
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.EFFECTING

    def run(self, context: StepContext) -> StepResult:
        """Ask, and put out ``values``, ``respondedBy`` and ``respondedAt`` once there are some.

        Raises:
            StepError: The schema cannot be used (Failed, terminal), or the platform did not
                answer.
        """
        interval = duration(context.config, "pollInterval", default=POLL_INTERVAL)
        question = question_from(INPUT, context.config)
        try:
            read_schema(question.schema)
        except InvalidError as error:
            message = f"invalid {INPUT} config: schema: {error}"
            raise StepError(message, failed=True, terminal=True) from error
        try:
            given = self.responses.ask(origin_of(context), kind=INPUT, config=asked(context.config))
        except UpstreamError as error:
            raise StepError(f"error looking for input: {error}") from error
        if not given:
            return StepResult(StepStatus.RUNNING, "waiting for input", retry_after=interval)
        first = given[0]
        return StepResult(
            message=f"input by {first.user}",
            output={
                "values": first.values or {},
                "respondedBy": first.user,
                "respondedAt": time_text(first.at),
            },
        )

    def would(self, context: StepContext) -> str:
        """Say that somebody is asked."""
        display = question_from(INPUT, context.config).display
        return f"wait for input: {display}" if display else "wait for input"
