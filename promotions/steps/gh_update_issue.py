"""``gh-update-issue``: changes the title, text, state, labels or assignees of an issue."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from common.jsontypes import JSONObject, JSONValue
from common.redaction import mask_json
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepResult
from promotions.ports.credentials import CredentialStore
from promotions.ports.github import GitHub, Issue
from promotions.steps.support.github import (
    MOST_ASSIGNEES,
    NAMES_SCHEMA,
    NUMBER_SCHEMA,
    TEXT_SCHEMA,
    access_to,
    github_errors,
    github_schema,
    number,
    shown_url,
)
from promotions.steps.support.hosts import names

EVERY_LABEL = "*"
"""In ``removeLabels``: all of them."""

_CHANGES: JSONObject = {
    "title": {**TEXT_SCHEMA, "description": "The new title."},
    "body": {"type": "string", "description": "The new text, Markdown; empty clears it."},
    "state": {"type": "string", "enum": ["open", "closed"]},
    "addLabels": {**NAMES_SCHEMA, "description": "Added after removeLabels were removed."},
    "removeLabels": {**NAMES_SCHEMA, "description": '"*" is every label.'},
    "assignees": {**NAMES_SCHEMA, "description": "Replace those there are; empty clears them."},
}
SCHEMA: JSONObject = github_schema(
    "GitHubUpdateIssueConfig",
    {"issueNumber": NUMBER_SCHEMA, **_CHANGES},
    required=["issueNumber"],
    alternatives={"anyOf": [{"required": [name]} for name in _CHANGES]},
)


@dataclass(frozen=True, slots=True)
class GhUpdateIssue(StepDefaults):
    """Makes an issue what the configuration says; doing it twice is doing it once.

    Source: the documentation of Kargo's ``gh-update-issue`` step.
    """

    github: GitHub
    credentials: CredentialStore

    kind: ClassVar[str] = "gh-update-issue"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.EFFECTING

    def run(self, context: StepContext) -> StepResult:
        """Read the issue and send what is to change.

        Raises:
            StepError: Failed and terminal if GitHub refuses; Errored on all that may pass.
        """
        wanted = number(context.config.get("issueNumber"))
        with github_errors(context):
            issues = self.github.issues(access_to(context, credentials=self.credentials))
            changes = _changes(context.config, issues.get(wanted))
            if changes:
                issues.update(wanted, changes)
        return StepResult()

    def would(self, context: StepContext) -> str:
        """Name the issue that would be updated."""
        return f"update issue {context.config.get('issueNumber')} of {shown_url(context)}"


def labels_after(
    current: Sequence[str], *, add: Sequence[str], remove: Sequence[str]
) -> tuple[str, ...]:
    """Return the labels of an issue with some removed, then some added; case does not count."""
    removed = {name.lower() for name in remove}
    kept = [it for it in current if EVERY_LABEL not in removed and it.lower() not in removed]
    by_name = {it.lower(): it for it in reversed((*kept, *add))}
    return tuple(by_name[name] for name in dict.fromkeys(it.lower() for it in (*kept, *add)))


def _changes(config: JSONObject, issue: Issue) -> JSONObject:
    changes: dict[str, JSONValue] = {
        name: mask_json(config[name]) for name in ("title", "body", "state") if name in config
    }
    labels = labels_after(
        issue.labels, add=names(config.get("addLabels")), remove=names(config.get("removeLabels"))
    )
    if labels != issue.labels:
        changes["labels"] = list(labels)
    if "assignees" in config:
        changes["assignees"] = list(names(config["assignees"])[:MOST_ASSIGNEES])
    return changes
