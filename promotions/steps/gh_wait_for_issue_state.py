"""``gh-wait-for-issue-state``: waits until an issue is as expressions say."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from common.errors import InvalidError
from common.jsontypes import JSONObject, as_text
from promotions.engine.expressions.bare import BareExpression, compile_bare
from promotions.engine.expressions.builtins.dates import now_function
from promotions.engine.expressions.environment import Environment
from promotions.engine.expressions.fields import FieldExpressionError
from promotions.engine.runner import (
    Effect,
    StepContext,
    StepDefaults,
    StepError,
    StepResult,
    StepStatus,
)
from promotions.ports.credentials import CredentialStore
from promotions.ports.github import GitHub, Issue
from promotions.steps.support.github import (
    NUMBER_SCHEMA,
    TEXT_SCHEMA,
    access_to,
    github_errors,
    github_schema,
    issue_document,
    number,
)
from promotions.steps.support.hosts import POLL_INTERVAL_SCHEMA, poll_interval

_CONDITIONS = ("successExpression", "label", "state")

SCHEMA: JSONObject = github_schema(
    "GitHubWaitForIssueStateConfig",
    {
        "issueNumber": {**NUMBER_SCHEMA, "description": "The issue to watch."},
        "successExpression": {**TEXT_SCHEMA, "description": "True if the wait is over."},
        "failureExpression": {"type": "string", "description": "True if the step has failed."},
        "label": {**TEXT_SCHEMA, "description": "Older form: the issue must have this label."},
        "state": {
            "type": "string",
            "enum": ["open", "closed"],
            "description": "Older form: the issue must be in this state.",
        },
        "pollInterval": POLL_INTERVAL_SCHEMA,
    },
    required=["issueNumber"],
    alternatives={"anyOf": [{"required": [name]} for name in _CONDITIONS]},
)


@dataclass(frozen=True, slots=True)
class GhWaitForIssueState(StepDefaults):
    """Looks at an issue each time it is invoked; failure counts before success.

    Source: the documentation of Kargo's ``gh-wait-for-issue-state`` step, and of its first form,
    which had ``label`` and ``state``.
    """

    github: GitHub
    credentials: CredentialStore

    kind: ClassVar[str] = "gh-wait-for-issue-state"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.READING

    def run(self, context: StepContext) -> StepResult:
        """Judge the issue.

        Raises:
            StepError: Failed and terminal if it meets ``failureExpression``, an expression does
                not compile or GitHub refuses; Errored on all that may pass.
        """
        config = context.config
        failure, success = (_compiled(config, it) for it in ("failureExpression", _CONDITIONS[0]))
        interval = poll_interval(config)
        with github_errors(context):
            issues = self.github.issues(access_to(context, credentials=self.credentials))
            issue = issues.get(number(config.get("issueNumber")))
        environment = Environment(
            {"issue": issue_document(issue)}, {"now": now_function(lambda: context.now)}
        )
        if failure is not None and _is_met(failure, environment):
            raise StepError(
                f"issue {issue.number} met failure criteria", failed=True, terminal=True
            )
        is_expected = success is None or _is_met(success, environment)
        if is_expected and _has_label_and_state(config, issue):
            return StepResult()
        words = f"waiting for issue {issue.number} ({issue.state})"
        return StepResult(status=StepStatus.RUNNING, message=words, retry_after=interval)


def _has_label_and_state(config: JSONObject, issue: Issue) -> bool:
    label = as_text(config.get("label")).lower()
    has_label = not label or label in {name.lower() for name in issue.labels}
    return has_label and as_text(config.get("state")) in {"", issue.state}


def _compiled(config: JSONObject, field: str) -> BareExpression | None:
    text = as_text(config.get(field))
    try:
        return compile_bare(text, path=f"config.{field}") if text else None
    except InvalidError as error:
        raise StepError(f"error compiling {error}", failed=True, terminal=True) from error


def _is_met(expression: BareExpression, environment: Mapping[str, object]) -> bool:
    try:
        return expression.evaluate_boolean(environment)
    except FieldExpressionError as error:
        raise StepError(f"error evaluating {error}") from error
