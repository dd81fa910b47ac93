"""``gh-create-issue``: opens an issue and notes its number on the Freight."""

from dataclasses import dataclass
from typing import ClassVar

from common.jsontypes import JSONObject, as_object, as_text
from common.redaction import mask_secrets
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepResult
from promotions.ports.control_plane import ControlPlane
from promotions.ports.credentials import CredentialStore
from promotions.ports.github import GitHub, GitHubIssues, Issue, NewIssue
from promotions.ports.metadata import MetadataKind, MetadataStore
from promotions.ports.origin import origin_of
from promotions.ports.scm import ScmError
from promotions.steps.support.github import (
    MOST_ASSIGNEES,
    NAMES_SCHEMA,
    TEXT_SCHEMA,
    access_to,
    github_errors,
    github_schema,
    mark_of,
    marked,
    number,
    shown_url,
)
from promotions.steps.support.hosts import names

DEFAULT_ALIAS = "github-issue-number"
_GONE = frozenset({404, 410})

SCHEMA: JSONObject = github_schema(
    "GitHubCreateIssueConfig",
    {
        "title": {**TEXT_SCHEMA, "description": "What the issue is about."},
        "body": {"type": "string", "description": "Markdown."},
        "labels": NAMES_SCHEMA,
        "assignees": {**NAMES_SCHEMA, "description": "Logins; those beyond ten are ignored."},
        "issueAlias": {
            "type": "string",
            "description": f'Key of the number in the Freight\'s metadata; "{DEFAULT_ALIAS}".',
        },
    },
    required=["title"],
)


@dataclass(frozen=True, slots=True)
class GhCreateIssue(StepDefaults):
    """Opens one issue for a Freight and key; one that is there already is put out instead.

    Source: the documentation of Kargo's ``gh-create-issue`` step.
    """

    github: GitHub
    credentials: CredentialStore
    control_plane: ControlPlane
    metadata: MetadataStore

    kind: ClassVar[str] = "gh-create-issue"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.EFFECTING

    def run(self, context: StepContext) -> StepResult:
        """Open the issue, note its number, and put out ``number`` and ``url``.

        Raises:
            StepError: Failed and terminal if GitHub refuses; Errored on all that may pass.
        """
        earlier = as_object(context.state.get(context.alias))
        if number(earlier.get("number")):
            return StepResult(output=earlier)
        with github_errors(context):
            issues = self.github.issues(access_to(context, credentials=self.credentials))
            issue = self._existing(context, issues) or issues.create(_wanted(context))
            self.metadata.upsert(
                origin_of(context),
                kind=MetadataKind.FREIGHT,
                name=context.target_freight.name,
                values={_key(context): issue.number},
            )
        return StepResult(output={"number": issue.number, "url": issue.url})

    def would(self, context: StepContext) -> str:
        """Name the repository where an issue would be opened."""
        return f"open an issue in {shown_url(context)}"

    def _existing(self, context: StepContext, issues: GitHubIssues) -> Issue | None:
        """Return the issue that the Freight tells of, or that an interrupted attempt opened."""
        noted = self.control_plane.freight_metadata(
            tenant_uid=context.tenant_uid,
            project=context.project,
            name=context.target_freight.name,
        )
        known = number((noted or {}).get(_key(context)))
        if not known:
            return issues.find_marked(mark_of(context))
        try:
            return issues.get(known)
        except ScmError as error:
            if error.status in _GONE:
                return None
            raise


def _key(context: StepContext) -> str:
    return as_text(context.config.get("issueAlias")) or DEFAULT_ALIAS


def _wanted(context: StepContext) -> NewIssue:
    config = context.config
    return NewIssue(
        title=mask_secrets(as_text(config.get("title"))),
        body=marked(mask_secrets(as_text(config.get("body"))), context),
        labels=names(config.get("labels")),
        assignees=names(config.get("assignees"))[:MOST_ASSIGNEES],
    )
