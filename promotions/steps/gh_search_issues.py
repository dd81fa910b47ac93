"""``gh-search-issues``: fetches one issue, or searches those of a repository."""

from dataclasses import dataclass
from typing import ClassVar

from common.jsontypes import JSONObject, as_text
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepResult
from promotions.ports.credentials import CredentialStore
from promotions.ports.github import GitHub
from promotions.steps.support.github import (
    NUMBER_SCHEMA,
    TEXT_SCHEMA,
    access_to,
    github_errors,
    github_schema,
    issue_document,
    number,
)

SCHEMA: JSONObject = github_schema(
    "GitHubSearchIssuesConfig",
    {
        "issueNumber": {**NUMBER_SCHEMA, "description": "The one issue to fetch."},
        "query": {**TEXT_SCHEMA, "description": "In GitHub's search syntax, without repo:."},
    },
    alternatives={"oneOf": [{"required": ["issueNumber"]}, {"required": ["query"]}]},
)


@dataclass(frozen=True, slots=True)
class GhSearchIssues(StepDefaults):
    """Puts out issues as they are now, or as GitHub's search knew them a minute ago.

    Source: the documentation of Kargo's ``gh-search-issues`` step.
    """

    github: GitHub
    credentials: CredentialStore

    kind: ClassVar[str] = "gh-search-issues"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.READING

    def run(self, context: StepContext) -> StepResult:
        """Put out ``issues``, at most thirty.

        Raises:
            StepError: Failed and terminal if GitHub refuses; Errored on all that may pass.
        """
        wanted = number(context.config.get("issueNumber"))
        with github_errors(context):
            issues = self.github.issues(access_to(context, credentials=self.credentials))
            query = as_text(context.config.get("query"))
            found = (issues.get(wanted),) if wanted else issues.search(query)
        return StepResult(output={"issues": [issue_document(issue) for issue in found]})
