"""``compose-output``: puts out what it is given."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from common.jsontypes import JSONObject
from promotions.engine.runner import Effect, StepContext, StepResult

SCHEMA: JSONObject = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "ComposeOutputConfig",
    "type": "object",
    "minProperties": 1,
    "additionalProperties": True,
    "description": "Every key becomes an output with its value.",
}


@dataclass(frozen=True, slots=True)
class ComposeOutput:
    """Puts its configuration out, also under the alias of the task it is in.

    Source: Kargo's ``compose-output`` step.
    """

    kind: ClassVar[str] = "compose-output"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.PURE
    propagates_output: ClassVar[bool] = True
    default_timeout: ClassVar[timedelta | None] = None
    default_error_threshold: ClassVar[int] = 1

    def run(self, context: StepContext) -> StepResult:
        """Return the configuration as output."""
        return StepResult(output=dict(context.config))
