"""``gha-dispatch-workflow``: starts a GitHub Actions workflow, once."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from common.jsontypes import JSONObject, JSONValue, as_object, as_text
from promotions.engine.retry import POLL_FLOOR
from promotions.engine.runner import (
    Effect,
    StepContext,
    StepDefaults,
    StepError,
    StepResult,
    StepStatus,
)
from promotions.ports.credentials import CredentialStore
from promotions.ports.github import GitHub, GitHubWorkflows
from promotions.ports.intents import Intents
from promotions.ports.origin import origin_of
from promotions.steps.support.github import (
    TEXT_SCHEMA,
    access_to,
    github_errors,
    github_schema,
    number,
    shown_url,
)

DEFAULT_TIMEOUT_SECONDS = 60
LONGEST_TIMEOUT_SECONDS = 300

SCHEMA: JSONObject = github_schema(
    "GitHubActionsDispatchWorkflowConfig",
    {
        "workflowFile": {
            **TEXT_SCHEMA,
            "description": "Name of the workflow's file in .github/workflows.",
        },
        "ref": {**TEXT_SCHEMA, "description": "The branch or tag to run it on."},
        "inputs": {
            "type": "object",
            "description": "By name, as the workflow declares them; sent as texts.",
        },
        "timeout": {
            "type": "integer",
            "minimum": 1,
            "maximum": LONGEST_TIMEOUT_SECONDS,
            "description": "Seconds to wait until the run can be seen; 60 by default.",
        },
    },
    required=["workflowFile", "ref"],
)


@dataclass(frozen=True, slots=True)
class GhaDispatchWorkflow(StepDefaults):
    """Notes which runs there are, then starts one more, so that a lost answer can be made up for.

    Its output has ``dispatchedAt`` while GitHub has started the workflow and shows no run yet.
    Source: the documentation of Kargo's ``gha-dispatch-workflow`` step.
    """

    github: GitHub
    credentials: CredentialStore
    intents: Intents

    kind: ClassVar[str] = "gha-dispatch-workflow"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.EFFECTING

    def run(self, context: StepContext) -> StepResult:
        """Start the workflow, and put out ``runID`` once it is known.

        Raises:
            StepError: Failed and terminal if GitHub refuses; Errored if the run cannot be seen in
                time, and on all else that may pass.
        """
        earlier = as_object(context.state.get(context.alias))
        if number(earlier.get("runID")):
            return StepResult(output={"runID": earlier["runID"]})
        with github_errors(context):
            workflows = self.github.workflows(access_to(context, credentials=self.credentials))
            return self._pursued(context, workflows, earlier)

    def would(self, context: StepContext) -> str:
        """Name the workflow that would be started."""
        return f"start {_file(context)} on {_ref(context)} in {shown_url(context)}"

    def _pursued(
        self, context: StepContext, workflows: GitHubWorkflows, earlier: JSONObject
    ) -> StepResult:
        """Start the workflow, unless an earlier attempt did or may have done."""
        runs = workflows.dispatched(_file(context), ref=_ref(context))
        note: JSONObject = {"after": max(runs, default=0)}
        intent = self.intents.begin(origin_of(context), now=context.now, note=note)
        if intent.outcome is not None:
            return StepResult(output=intent.outcome)
        if intent.begun_at is None:
            return self._started(context, workflows)
        run = min((it for it in runs if it > number(intent.note.get("after"))), default=0)
        if run:
            return self._found(context, run)
        if context.now - intent.begun_at <= timedelta(seconds=_seconds(context)):
            return _waiting(earlier)
        if "dispatchedAt" in earlier:
            raise _unseen(context, earlier)
        self.intents.renew(origin_of(context), now=context.now, note=note)
        return self._started(context, workflows)

    def _started(self, context: StepContext, workflows: GitHubWorkflows) -> StepResult:
        given = as_object(context.config.get("inputs"))
        inputs = {name: _text(value) for name, value in given.items()}
        run = workflows.dispatch(_file(context), ref=_ref(context), inputs=inputs)
        if run:
            return self._found(context, run)
        return _waiting({"dispatchedAt": context.now.isoformat()})

    def _found(self, context: StepContext, run: int) -> StepResult:
        output: JSONObject = {"runID": run}
        self.intents.finish(origin_of(context), output, now=context.now)
        return StepResult(output=output)


def _unseen(context: StepContext, earlier: JSONObject) -> StepError:
    return StepError(
        f"{_file(context)} was started, but its run did not appear within"
        f" {_seconds(context)} seconds",
        output=earlier,
    )


def _waiting(output: JSONObject) -> StepResult:
    return StepResult(
        status=StepStatus.RUNNING,
        message="waiting for the run to appear",
        output=output,
        retry_after=POLL_FLOOR,
    )


def _seconds(context: StepContext) -> int:
    return number(context.config.get("timeout")) or DEFAULT_TIMEOUT_SECONDS


def _file(context: StepContext) -> str:
    return as_text(context.config.get("workflowFile"))


def _ref(context: StepContext) -> str:
    return as_text(context.config.get("ref"))


def _text(value: JSONValue) -> str:
    """Return an input as GitHub wants it: expressions make numbers of texts that look like one."""
    return value if isinstance(value, str) else json.dumps(value)
