"""``git-wait-for-pr``: waits until a pull request is merged or closed."""

from dataclasses import dataclass
from typing import ClassVar

from common.jsontypes import JSONObject
from promotions.engine.runner import (
    Effect,
    StepContext,
    StepDefaults,
    StepError,
    StepResult,
    StepStatus,
)
from promotions.ports.credentials import CredentialStore
from promotions.ports.scm import PullRequest, ScmProviders
from promotions.steps.support.pull_requests import (
    NUMBER_SCHEMA,
    REPOSITORY_SCHEMA,
    Hosting,
    erring,
    number_in,
    shown,
)
from promotions.steps.support.web import DURATION_SCHEMA, duration

DEFAULT_POLL_INTERVAL = "30s"

SCHEMA: JSONObject = {
    "type": "object",
    "additionalProperties": False,
    "required": ["repoURL", "prNumber"],
    "properties": {
        **REPOSITORY_SCHEMA,
        "prNumber": NUMBER_SCHEMA,
        "pollInterval": DURATION_SCHEMA,
    },
}


@dataclass(frozen=True, slots=True)
class GitWaitForPR(StepDefaults):
    """Looks once at each invocation; a draft is open.

    Source: Kargo's ``git-wait-for-pr`` step; ``commit`` is put out only of what is merged.
    """

    credentials: CredentialStore
    scm: ScmProviders

    kind: ClassVar[str] = "git-wait-for-pr"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.READING

    def run(self, context: StepContext) -> StepResult:
        """Put out ``pr`` and, once it is merged, ``commit``.

        Raises:
            StepError: Failed and terminal if it was closed without being merged; Errored if the
                provider cannot be asked.
        """
        number = number_in(context)
        interval = duration(context.config, "pollInterval", default=DEFAULT_POLL_INTERVAL)
        pull_requests = Hosting(self.credentials, self.scm).pull_requests(context)
        with erring(f"error getting pull request {number}", context):
            found = pull_requests.get(number)
        output = _output(found)
        if found.is_merged:
            return StepResult(output=output)
        if found.is_open:
            message = f"waiting for pull request {number} to be merged"
            return StepResult(StepStatus.RUNNING, message, output, retry_after=interval)
        raise StepError(
            f"pull request {number} was closed without being merged",
            failed=True,
            terminal=True,
            output=output,
        )


def _output(found: PullRequest) -> JSONObject:
    return {
        "pr": {**shown(found), "open": found.is_open, "merged": found.is_merged},
        **({"commit": found.merge_commit} if found.is_merged and found.merge_commit else {}),
    }
