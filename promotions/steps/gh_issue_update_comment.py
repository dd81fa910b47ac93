"""``gh-issue-update-comment``: replaces the text of a comment."""

from dataclasses import dataclass
from typing import ClassVar

from common.jsontypes import JSONObject, as_text
from common.redaction import mask_secrets
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepResult
from promotions.ports.credentials import CredentialStore
from promotions.ports.github import GitHub
from promotions.steps.support.github import (
    NUMBER_SCHEMA,
    TEXT_SCHEMA,
    access_to,
    github_errors,
    github_schema,
    number,
    shown_url,
)

SCHEMA: JSONObject = github_schema(
    "GitHubIssueUpdateCommentConfig",
    {
        "commentID": {**NUMBER_SCHEMA, "description": "As gh-issue-add-comment put it out."},
        "body": {**TEXT_SCHEMA, "description": "Markdown."},
    },
    required=["commentID", "body"],
)


@dataclass(frozen=True, slots=True)
class GhIssueUpdateComment(StepDefaults):
    """Replaces a comment's text; doing it twice is doing it once.

    Source: the documentation of Kargo's ``gh-issue-update-comment`` step.
    """

    github: GitHub
    credentials: CredentialStore

    kind: ClassVar[str] = "gh-issue-update-comment"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.EFFECTING

    def run(self, context: StepContext) -> StepResult:
        """Replace the text, and put out ``commentID`` and ``url``.

        Raises:
            StepError: Failed and terminal if GitHub refuses; Errored on all that may pass.
        """
        wanted = number(context.config.get("commentID"))
        body = mask_secrets(as_text(context.config.get("body")))
        with github_errors(context):
            issues = self.github.issues(access_to(context, credentials=self.credentials))
            comment = issues.update_comment(wanted, body)
        return StepResult(output={"commentID": comment.id, "url": comment.url})

    def would(self, context: StepContext) -> str:
        """Name the comment that would be replaced."""
        return f"replace comment {context.config.get('commentID')} in {shown_url(context)}"
