"""``git-tag``: tags the commit that a work tree is at."""

from dataclasses import dataclass
from typing import ClassVar

from common.jsontypes import JSONObject, as_text
from common.redaction import mask_secrets
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepResult
from promotions.ports.workspaces import TagRequest, Workspaces
from promotions.steps.support.git import git_errors, joined

SCHEMA: JSONObject = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "GitTagConfig",
    "type": "object",
    "required": ["path", "tag", "message"],
    "properties": {
        "path": {"type": "string", "minLength": 1, "description": "The work tree to tag."},
        "tag": {"type": "string", "minLength": 1, "description": "The tag's name."},
        "message": {"type": "string", "minLength": 1, "description": "The tag's message."},
        "force": {
            "type": "boolean",
            "default": False,
            "description": "Move the tag if it is there already.",
        },
    },
}


@dataclass(frozen=True, slots=True)
class GitTag(StepDefaults):
    """Makes an annotated tag on HEAD, signed if the clone signs; pushing is left to git-push.

    Called again, it finds its tag on the commit and leaves it as it is.

    Source: Kargo's ``git-tag`` step.
    """

    workspaces: Workspaces

    kind: ClassVar[str] = "git-tag"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.PURE

    def run(self, context: StepContext) -> StepResult:
        """Tag, and put out the id of HEAD.

        Raises:
            StepError: Errored if the tag is on something else; failed and terminal if its name
                is none that Git could have.
        """
        config = context.config
        request = TagRequest(
            workdir=context.workdir,
            path=joined(context, config.get("path")),
            tag=as_text(config.get("tag")),
            message=mask_secrets(as_text(config.get("message"))),
            force=config.get("force") is True,
        )
        with git_errors(context):
            commit = self.workspaces.tag(request)
        return StepResult(output={"commit": commit})
