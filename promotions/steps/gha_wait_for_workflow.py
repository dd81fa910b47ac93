"""``gha-wait-for-workflow``: waits until a run of a GitHub Actions workflow is over."""

from dataclasses import dataclass
from typing import ClassVar

from common.jsontypes import JSONObject, as_text
from promotions.engine.runner import (
    Effect,
    StepContext,
    StepDefaults,
    StepError,
    StepResult,
    StepStatus,
)
from promotions.ports.credentials import CredentialStore
from promotions.ports.github import GitHub
from promotions.steps.support.github import (
    NUMBER_SCHEMA,
    access_to,
    github_errors,
    github_schema,
    number,
)
from promotions.steps.support.hosts import POLL_INTERVAL_SCHEMA, poll_interval

_COMPLETED = "completed"

SCHEMA: JSONObject = github_schema(
    "GitHubActionsWaitForWorkflowConfig",
    {
        "runID": {**NUMBER_SCHEMA, "description": "As gha-dispatch-workflow put it out."},
        "expectedConclusion": {
            "type": "string",
            "enum": [
                "success",
                "failure",
                "cancelled",
                "skipped",
                "timed_out",
                "action_required",
                "neutral",
                "stale",
            ],
            "description": "How it must end; without this it may end in any way.",
        },
        "pollInterval": POLL_INTERVAL_SCHEMA,
    },
    required=["runID"],
)


@dataclass(frozen=True, slots=True)
class GhaWaitForWorkflow(StepDefaults):
    """Looks at a run each time it is invoked.

    Source: the documentation of Kargo's ``gha-wait-for-workflow`` step.
    """

    github: GitHub
    credentials: CredentialStore

    kind: ClassVar[str] = "gha-wait-for-workflow"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.READING

    def run(self, context: StepContext) -> StepResult:
        """Put out ``conclusion`` once the run is over.

        Raises:
            StepError: Failed and terminal if it ended otherwise than expected or GitHub refuses;
                Errored on all that may pass.
        """
        interval = poll_interval(context.config)
        with github_errors(context):
            workflows = self.github.workflows(access_to(context, credentials=self.credentials))
            run = workflows.run(number(context.config.get("runID")))
        if run.status != _COMPLETED:
            words = f"workflow run {run.id} is {run.status}"
            return StepResult(status=StepStatus.RUNNING, message=words, retry_after=interval)
        output = {"conclusion": run.conclusion}
        expected = as_text(context.config.get("expectedConclusion"))
        if expected and run.conclusion != expected:
            message = f"workflow run {run.id} ended with {run.conclusion}, not {expected}"
            raise StepError(message, failed=True, terminal=True, output=output)
        return StepResult(output=output)
