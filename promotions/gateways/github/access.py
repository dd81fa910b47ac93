"""Where is GitHub's REST API for a repository, and how is it called?

Source: GitHub REST documentation, "Getting started with the REST API"; GitHub Enterprise Server
REST documentation, the same page (``https://HOST/api/v3``).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from common.egress import EgressPolicy
from common.errors import InvalidError
from common.redaction import redact
from promotions.engine.scm.providers import GitProvider, detect_provider
from promotions.engine.scm.repositories import Repository, parse_repository
from promotions.gateways.json_api import JsonApi
from promotions.ports.scm import RepositoryAccess

_PUBLIC_HOST = "github.com"
_PUBLIC_API = "https://api.github.com"
_HEADERS = (
    ("Accept", "application/vnd.github+json"),
    ("X-GitHub-Api-Version", "2022-11-28"),
)


@dataclass(frozen=True, slots=True)
class GitHubSettings:
    """What the operator says about reaching GitHub.

    Attributes:
        api_url: Where the API of github.com is, if not there.
        sleep: Waits for so many seconds, before something is tried again.
    """

    policy: EgressPolicy
    api_url: str = ""
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class GitHubRepository:
    """A repository in the terms of GitHub's API.

    Attributes:
        path: ``/repos/<owner>/<name>``, quoted.
    """

    api: JsonApi
    owner: str
    name: str

    @property
    def path(self) -> str:
        """Return what the path of everything about this repository begins with."""
        return f"/repos/{quote(self.owner, safe='')}/{quote(self.name, safe='')}"


def open_repository(access: RepositoryAccess, settings: GitHubSettings) -> GitHubRepository:
    """Return the repository, with the password of its credential as the token.

    Raises:
        InvalidError: The address is not that of a repository at GitHub.
    """
    provider = access.provider or detect_provider(access.url) or GitProvider.GITHUB
    if provider is not GitProvider.GITHUB:
        raise InvalidError(
            f"{redact(access.url)} is a repository at {provider.value}, not at GitHub."
        )
    repository = parse_repository(access.url, provider=GitProvider.GITHUB)
    token = access.credential.password.strip() if access.credential else ""
    api = github_api(
        repository, settings, token=token, verify_tls=not access.insecure_skip_tls_verify
    )
    return GitHubRepository(api, repository.owner, repository.name)


def github_api(
    repository: Repository, settings: GitHubSettings, *, token: str, verify_tls: bool = True
) -> JsonApi:
    """Return the API of the host that has ``repository``; anonymous if there is no ``token``."""
    return JsonApi(
        settings.policy,
        _api_url(repository, settings),
        headers=(*_HEADERS, *((("Authorization", f"Bearer {token}"),) if token else ())),
        verify_tls=verify_tls,
        sleep=settings.sleep,
    )


def _api_url(repository: Repository, settings: GitHubSettings) -> str:
    if repository.host == _PUBLIC_HOST:
        return settings.api_url or _PUBLIC_API
    return f"{repository.scheme}://{repository.host}/api/v3"
