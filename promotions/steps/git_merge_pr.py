"""``git-merge-pr``: merges a pull request, or waits until it can be merged."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar

from common.errors import PlatformError, UpstreamError
from common.jsontypes import JSONObject, as_text
from common.redaction import redact
from promotions.engine.runner import (
    Effect,
    StepContext,
    StepDefaults,
    StepError,
    StepResult,
    StepStatus,
)
from promotions.ports.credentials import CredentialStore
from promotions.ports.scm import ScmProviders
from promotions.steps.support.pull_requests import (
    NUMBER_SCHEMA,
    REPOSITORY_SCHEMA,
    Hosting,
    number_in,
)
from promotions.steps.support.web import DURATION_SCHEMA, duration
from promotions.steps.support.workdir import sanitise

DEFAULT_POLL_INTERVAL = "10s"

SCHEMA: JSONObject = {
    "type": "object",
    "additionalProperties": False,
    "required": ["repoURL", "prNumber"],
    "properties": {
        **REPOSITORY_SCHEMA,
        "prNumber": NUMBER_SCHEMA,
        "wait": {"type": "boolean"},
        "pollInterval": DURATION_SCHEMA,
        "mergeMethod": {"type": "string", "minLength": 1},
    },
}


@dataclass(frozen=True, slots=True)
class GitMergePR(StepDefaults):
    """Tries once at each invocation; what is merged already is a success.

    Source: Kargo's ``git-merge-pr`` step; trouble that may pass is Errored here, not Failed.
    """

    credentials: CredentialStore
    scm: ScmProviders

    kind: ClassVar[str] = "git-merge-pr"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.EFFECTING

    def run(self, context: StepContext) -> StepResult:
        """Merge, and put out ``commit``.

        Raises:
            StepError: Failed and terminal if the provider refuses, or if it is not ready and is
                not to be waited for; Errored if the provider cannot be asked.
        """
        number = number_in(context)
        interval = duration(context.config, "pollInterval", default=DEFAULT_POLL_INTERVAL)
        method = as_text(context.config.get("mergeMethod"))
        pull_requests = Hosting(self.credentials, self.scm).pull_requests(context)
        with _merge_errors(number, context):
            merged = pull_requests.merge(number, method=method)
        if merged is not None:
            return StepResult(output={"commit": merged.merge_commit})
        if context.config.get("wait") is True:
            message = f"pull request {number} is not ready to merge"
            return StepResult(StepStatus.RUNNING, message, retry_after=interval)
        raise StepError(
            f"pull request {number} is not ready to merge and wait is disabled",
            failed=True,
            terminal=True,
        )

    def would(self, context: StepContext) -> str:
        """Name the pull request."""
        repository = redact(as_text(context.config["repoURL"]))
        return f"merge pull request {number_in(context)} of {repository}"


@contextmanager
def _merge_errors(number: int, context: StepContext) -> Iterator[None]:
    """Turn what goes wrong into a refusal, or an ordinary error if it may pass.

    Raises:
        StepError: For any error of the platform.
    """
    try:
        yield
    except PlatformError as error:
        may_pass = isinstance(error, UpstreamError) and error.retryable
        text = f"error merging pull request {number}: {error.message}"
        raise StepError(
            sanitise(text, context.workdir), failed=not may_pass, terminal=not may_pass
        ) from error
