"""``copy``: copies a file or a directory within the work directory."""

from dataclasses import dataclass
from typing import ClassVar

from common.jsontypes import JSONObject, as_text
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepResult
from promotions.steps.support.failures import step_errors
from promotions.steps.support.trees import copy_tree

SCHEMA: JSONObject = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "CopyConfig",
    "type": "object",
    "additionalProperties": False,
    "required": ["inPath", "outPath"],
    "properties": {
        "inPath": {
            "type": "string",
            "minLength": 1,
            "description": "The file or directory to copy, relative to the work directory.",
        },
        "outPath": {
            "type": "string",
            "minLength": 1,
            "description": "Where the copy goes, relative to the work directory.",
        },
        "ignore": {
            "type": "string",
            "minLength": 1,
            "description": "What to leave out: lines in the syntax of .gitignore.",
        },
    },
}


@dataclass(frozen=True, slots=True)
class Copy(StepDefaults):
    """Copies a file or a directory; what is there already is merged with and overwritten.

    ``.git`` is left out unless ``!.git/`` asks for it; symbolic links are never copied.
    Source: Kargo's ``copy`` step.
    """

    kind: ClassVar[str] = "copy"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.PURE

    def run(self, context: StepContext) -> StepResult:
        """Copy.

        Raises:
            StepError: The input is missing, or a file cannot be read or written.
        """
        source = as_text(context.config["inPath"])
        target = as_text(context.config["outPath"])
        ignore = as_text(context.config.get("ignore"))
        with step_errors(f'failed to copy "{source}" to "{target}"', root=context.workdir):
            copy_tree(context.workdir, source, target, ignore=ignore)
        return StepResult()
