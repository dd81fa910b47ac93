"""``gh-issue-add-comment``: comments on an issue or pull request."""

from dataclasses import dataclass
from typing import ClassVar

from common.jsontypes import JSONObject, as_object, as_text
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
    mark_of,
    marked,
    number,
    shown_url,
)

SCHEMA: JSONObject = github_schema(
    "GitHubIssueAddCommentConfig",
    {
        "issueNumber": {**NUMBER_SCHEMA, "description": "An issue or a pull request."},
        "body": {**TEXT_SCHEMA, "description": "Markdown."},
    },
    required=["issueNumber", "body"],
)


@dataclass(frozen=True, slots=True)
class GhIssueAddComment(StepDefaults):
    """Comments once: a mark that readers do not see tells the step its own comment.

    Source: the documentation of Kargo's ``gh-issue-add-comment`` step.
    """

    github: GitHub
    credentials: CredentialStore

    kind: ClassVar[str] = "gh-issue-add-comment"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.EFFECTING

    def run(self, context: StepContext) -> StepResult:
        """Comment, unless that was done, and put out ``commentID`` and ``url``.

        Raises:
            StepError: Failed and terminal if GitHub refuses; Errored on all that may pass.
        """
        earlier = as_object(context.state.get(context.alias))
        if number(earlier.get("commentID")):
            return StepResult(output=earlier)
        wanted = number(context.config.get("issueNumber"))
        body = marked(mask_secrets(as_text(context.config.get("body"))), context)
        with github_errors(context):
            issues = self.github.issues(access_to(context, credentials=self.credentials))
            comment = issues.find_marked_comment(wanted, mark_of(context))
            comment = comment or issues.add_comment(wanted, body)
        return StepResult(output={"commentID": comment.id, "url": comment.url})

    def would(self, context: StepContext) -> str:
        """Name the issue that would be commented on."""
        return f"comment on {context.config.get('issueNumber')} of {shown_url(context)}"
