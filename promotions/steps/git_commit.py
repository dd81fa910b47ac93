"""``git-commit``: commits what earlier steps changed in a work tree."""

from dataclasses import dataclass
from typing import ClassVar

from common.jsontypes import JSONObject, as_text
from common.redaction import mask_secrets
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepResult, StepStatus
from promotions.ports.workspaces import Workspaces
from promotions.steps.support.git import AUTHOR_SCHEMA, author_in, git_errors, joined

SCHEMA: JSONObject = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "GitCommitConfig",
    "type": "object",
    "additionalProperties": False,
    "required": ["path", "message"],
    "properties": {
        "path": {"type": "string", "minLength": 1, "description": "The work tree to commit."},
        "message": {"type": "string", "minLength": 1, "description": "The commit message."},
        "author": {
            **AUTHOR_SCHEMA,
            "deprecated": True,
            "description": "Who commits; set it in git-clone instead.",
        },
    },
}


@dataclass(frozen=True, slots=True)
class GitCommit(StepDefaults):
    """Commits all changes; skipped if there are none.

    Called again after a commit that was not recorded, it is skipped with the same commit.

    Source: Kargo's ``git-commit`` step.
    """

    workspaces: Workspaces

    kind: ClassVar[str] = "git-commit"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.PURE

    def run(self, context: StepContext) -> StepResult:
        """Commit, and put out the id of HEAD.

        Raises:
            StepError: The path is not in a work tree, or Git refuses the commit.
        """
        config = context.config
        path = joined(context, config.get("path"))
        with git_errors(context):
            done = self.workspaces.commit(
                workdir=context.workdir,
                path=path,
                message=mask_secrets(as_text(config.get("message"))),
                author=author_in(config.get("author")),
            )
        output: JSONObject = {"commit": done.commit}
        if not done.created:
            return StepResult(
                status=StepStatus.SKIPPED, message="No changes to commit.", output=output
            )
        return StepResult(output=output)
