"""What the pull request steps share: their configuration, and the way to the provider."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from common.errors import PlatformError
from common.jsontypes import JSONObject, JSONValue, as_text
from promotions.engine.runner import StepContext, StepError
from promotions.engine.scm.providers import GitProvider
from promotions.ports.credentials import CredentialStore
from promotions.ports.git import Remote
from promotions.ports.scm import PullRequest, PullRequests, RepositoryAccess, ScmProviders
from promotions.steps.support.git import remote_for
from promotions.steps.support.workdir import sanitise

REPOSITORY_SCHEMA: JSONObject = {
    "repoURL": {"type": "string", "minLength": 1, "format": "uri"},
    "provider": {"type": "string", "enum": [str(it) for it in GitProvider]},
    "insecureSkipTLSVerify": {"type": "boolean"},
}
NUMBER_SCHEMA: JSONObject = {"type": "integer", "minimum": 1}


@dataclass(frozen=True, slots=True)
class Hosting:
    """How pull request steps reach a repository at its provider."""

    credentials: CredentialStore
    scm: ScmProviders

    def remote(self, context: StepContext) -> Remote:
        """Return the repository that the configuration names, with this project's credentials.

        Raises:
            StepError: The credentials cannot be had.
        """
        config = context.config
        url = as_text(config["repoURL"])
        with erring(f"error getting credentials for {url}", context):
            return remote_for(
                url,
                context,
                credentials=self.credentials,
                insecure=config.get("insecureSkipTLSVerify") is True,
            )

    def pull_requests(self, context: StepContext) -> PullRequests:
        """Return the pull requests of the repository that the configuration names.

        Raises:
            StepError: Its provider is not known, or has no such repository.
        """
        remote = self.remote(context)
        named = as_text(context.config.get("provider"))
        access = RepositoryAccess(
            url=remote.url,
            provider=GitProvider(named) if named else None,
            credential=remote.credential,
            insecure_skip_tls_verify=remote.insecure_skip_tls_verify,
        )
        with erring("error creating git provider service", context):
            return self.scm.pull_requests(access)


@contextmanager
def erring(action: str, context: StepContext) -> Iterator[None]:
    """Turn what goes wrong inside the block into an ordinary error, ``<action>: <reason>``.

    Raises:
        StepError: For any error of the platform.
    """
    try:
        yield
    except PlatformError as error:
        raise StepError(sanitise(f"{action}: {error.message}", context.workdir)) from error


def number_in(context: StepContext) -> int:
    """Return the configured number of a pull request."""
    number = context.config["prNumber"]
    return int(number) if isinstance(number, int | float) else 0


def shown(request: PullRequest) -> dict[str, JSONValue]:
    """Return a pull request as outputs show it."""
    return {"id": request.number, "url": request.url}
