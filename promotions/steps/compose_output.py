"""``compose-output``: puts out what it is given."""

from dataclasses import dataclass
from typing import ClassVar

from common.jsontypes import JSONObject
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepResult

SCHEMA: JSONObject = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "ComposeOutputConfig",
    "type": "object",
    "minProperties": 1,
    "additionalProperties": True,
    "description": "Every key becomes an output with its value.",
}


@dataclass(frozen=True, slots=True)
class ComposeOutput(StepDefaults):
    """Puts its configuration out, also under the alias of the task it is in.

    Source: Kargo's ``compose-output`` step.
    """

    kind: ClassVar[str] = "compose-output"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.PURE
    propagates_output: ClassVar[bool] = True

    def run(self, context: StepContext) -> StepResult:
        """Return the configuration as output."""
        return StepResult(output=dict(context.config))
