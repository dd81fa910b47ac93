"""``gha-dispatch-workflow``: starts a GitHub Actions workflow, once."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from common.jsontypes import JSONObject, JSONValue, as_object, as_text
from promotions.engine.retry import POLL_FLOOR
from promotions.engine.runner import Effect, StepContext, StepError, StepResult, StepStatus
from promotions.ports.credentials import CredentialStore
from promotions.ports.github import GitHub, GitHubWorkflows
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
class GhaDispatchWorkflow:
    """Notes which runs there are, then starts one more, so that a lost answer can be made up for.

    Its output has ``after``, the newest run before, and ``dispatchedAt`` until it has ``runID``.

    Source: the documentation of Kargo's ``gha-dispatch-workflow`` step.
    """

    github: GitHub
    credentials: CredentialStore

    kind: ClassVar[str] = "gha-dispatch-workflow"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.EFFECTING
    propagates_output: ClassVar[bool] = False
    default_timeout: ClassVar[timedelta | None] = None
    default_error_threshold: ClassVar[int] = 1

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
            runs = workflows.dispatched(_file(context), ref=_ref(context))
            if "after" not in earlier:
                return _waiting({"after": max(runs, default=0)}, "about to start the workflow")
            run = max((it for it in runs if it > number(earlier["after"])), default=0)
            if not run and "dispatchedAt" not in earlier:
                run = self._started(context, workflows)
        if run:
            return StepResult(output={"runID": run})
        return _looked_for(context, earlier)

    def would(self, context: StepContext) -> str:
        """Name the workflow that would be started."""
        return f"start {_file(context)} on {_ref(context)} in {shown_url(context)}"

    def _started(self, context: StepContext, workflows: GitHubWorkflows) -> int:
        given = as_object(context.config.get("inputs"))
        inputs = {name: _text(value) for name, value in given.items()}
        return workflows.dispatch(_file(context), ref=_ref(context), inputs=inputs)


def _looked_for(context: StepContext, earlier: JSONObject) -> StepResult:
    """Wait for a run that GitHub did not name, until its time is up."""
    now = context.now
    dispatched_at = as_text(earlier.get("dispatchedAt")) or now.isoformat()
    known: JSONObject = {**earlier, "dispatchedAt": dispatched_at}
    seconds = number(context.config.get("timeout")) or DEFAULT_TIMEOUT_SECONDS
    if now - datetime.fromisoformat(dispatched_at) > timedelta(seconds=seconds):
        raise StepError(
            f"{_file(context)} was started, but its run did not appear within {seconds} seconds",
            output=known,
        )
    return _waiting(known, "waiting for the run to appear")


def _waiting(output: JSONObject, message: str) -> StepResult:
    return StepResult(
        status=StepStatus.RUNNING, message=message, output=output, retry_after=POLL_FLOOR
    )


def _file(context: StepContext) -> str:
    return as_text(context.config.get("workflowFile"))


def _ref(context: StepContext) -> str:
    return as_text(context.config.get("ref"))


def _text(value: JSONValue) -> str:
    """Return an input as GitHub wants it: expressions make numbers of texts that look like one."""
    return value if isinstance(value, str) else json.dumps(value)
