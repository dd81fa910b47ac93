"""``gh-issue-delete-comment``: deletes a comment."""

from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

from common.jsontypes import JSONObject
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepResult
from promotions.ports.credentials import CredentialStore
from promotions.ports.github import GitHub
from promotions.ports.scm import ScmNotFoundError
from promotions.steps.support.github import (
    NUMBER_SCHEMA,
    access_to,
    github_errors,
    github_schema,
    number,
    shown_url,
)

SCHEMA: JSONObject = github_schema(
    "GitHubIssueDeleteCommentConfig",
    {"commentID": {**NUMBER_SCHEMA, "description": "As gh-issue-add-comment put it out."}},
    required=["commentID"],
)


@dataclass(frozen=True, slots=True)
class GhIssueDeleteComment(StepDefaults):
    """Deletes a comment; one that is gone already is a success.

    Source: the documentation of Kargo's ``gh-issue-delete-comment`` step.
    """

    github: GitHub
    credentials: CredentialStore

    kind: ClassVar[str] = "gh-issue-delete-comment"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.EFFECTING

    def run(self, context: StepContext) -> StepResult:
        """Delete the comment.

        Raises:
            StepError: Failed and terminal if GitHub refuses; Errored on all that may pass.
        """
        with github_errors(context), suppress(ScmNotFoundError):
            issues = self.github.issues(access_to(context, credentials=self.credentials))
            issues.delete_comment(number(context.config.get("commentID")))
        return StepResult()

    def would(self, context: StepContext) -> str:
        """Name the comment that would be deleted."""
        return f"delete comment {context.config.get('commentID')} in {shown_url(context)}"
