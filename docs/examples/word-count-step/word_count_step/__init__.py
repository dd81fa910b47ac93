"""``word-count``: counts the words of a file in the work directory."""

from dataclasses import dataclass
from typing import ClassVar

from common.jsontypes import JSONObject, as_text
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepResult
from promotions.steps.catalogue import StepPorts
from promotions.steps.support.failures import step_errors
from promotions.steps.support.workdir import read_text


@dataclass(frozen=True, slots=True)
class WordCount(StepDefaults):
    """Puts out how many words a file has."""

    kind: ClassVar[str] = "word-count"
    schema: ClassVar[JSONObject] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": False,
        "required": ["path"],
        "properties": {"path": {"type": "string", "minLength": 1}},
    }
    effect: ClassVar[Effect] = Effect.PURE

    def run(self, context: StepContext) -> StepResult:
        """Count the words."""
        path = as_text(context.config["path"])
        with step_errors("error counting words", root=context.workdir):
            words = len(read_text(context.workdir, path).split())
        return StepResult(message=f"{path} has {words} words", output={"words": words})


def steps(_ports: StepPorts) -> tuple[WordCount, ...]:
    """Return the steps of this package; the entry point names this function."""
    return (WordCount(),)
