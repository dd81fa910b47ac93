"""``git-clear``: empties a work tree, so that only what is written next will be in the commit."""

from dataclasses import dataclass
from typing import ClassVar

from common.jsontypes import JSONObject
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepResult
from promotions.ports.workspaces import Workspaces
from promotions.steps.support.git import git_errors, joined

SCHEMA: JSONObject = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "GitClearConfig",
    "type": "object",
    "additionalProperties": False,
    "required": ["path"],
    "properties": {
        "path": {"type": "string", "minLength": 1, "description": "The work tree to empty."}
    },
}


@dataclass(frozen=True, slots=True)
class GitClear(StepDefaults):
    """Removes every file that Git does not ignore; doing it twice changes nothing.

    Source: Kargo's ``git-clear`` step.
    """

    workspaces: Workspaces

    kind: ClassVar[str] = "git-clear"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.PURE

    def run(self, context: StepContext) -> StepResult:
        """Empty the work tree.

        Raises:
            StepError: The path is not in a work tree.
        """
        path = joined(context, context.config.get("path"))
        with git_errors(context):
            self.workspaces.clear(workdir=context.workdir, path=path)
        return StepResult()
