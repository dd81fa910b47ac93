"""``fail``: ends the promotion as failed, on purpose."""

from dataclasses import dataclass
from typing import ClassVar

from common.jsontypes import JSONObject, as_text
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepError, StepResult

SCHEMA: JSONObject = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "FailConfig",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "message": {"type": "string", "minLength": 1, "description": "Why, for people to read."}
    },
}


@dataclass(frozen=True, slots=True)
class Fail(StepDefaults):
    """Fails at once; no retry helps.

    Source: Kargo's ``fail`` step.
    """

    kind: ClassVar[str] = "fail"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.PURE

    def run(self, context: StepContext) -> StepResult:
        """Fail.

        Raises:
            StepError: Always: failed and terminal.
        """
        message = as_text(context.config.get("message"))
        raise StepError(f"failed: {message}" if message else "failed", failed=True, terminal=True)
