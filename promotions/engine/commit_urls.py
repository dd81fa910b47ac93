"""Where can a person look at a commit in the browser?

Source: Kargo ``pkg/gitprovider``, GetCommitURL of each provider.
"""

from collections.abc import Callable
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from common.errors import InvalidError
from promotions.engine.urls import normalise_git_url

_OWNER_AND_REPOSITORY = 2


class GitProvider(StrEnum):
    """The providers of Git hosting, in Kargo's words."""

    AZURE = "azure"
    BITBUCKET = "bitbucket"
    GITEA = "gitea"
    GITHUB = "github"
    GITLAB = "gitlab"


_HOSTS: tuple[tuple[GitProvider, Callable[[str], bool]], ...] = (
    (GitProvider.GITHUB, lambda host: "github" in host or host.endswith(".ghe.com")),
    (GitProvider.GITLAB, lambda host: "gitlab" in host),
    (GitProvider.GITEA, lambda host: "gitea" in host),
    (GitProvider.BITBUCKET, lambda host: host == "bitbucket.org"),
    (GitProvider.AZURE, lambda host: host == "dev.azure.com" or host.endswith("visualstudio.com")),
)


def detect_provider(repo_url: str) -> GitProvider | None:
    """Return the provider that the host's name gives away, or ``None``.

    Kargo does not look into addresses of the form ``user@host:path``.
    """
    try:
        host = urlsplit(repo_url.strip()).hostname or ""
    except ValueError:
        return None
    return next((provider for provider, owns in _HOSTS if owns(host)), None)


def commit_url(repo_url: str, commit: str, *, provider: GitProvider) -> str:
    """Return the page of ``commit``, always over HTTPS and with the path in lower case.

    Raises:
        InvalidError: The provider cannot have a repository with such a path.
    """
    host, path = _split(repo_url)
    match provider:
        case GitProvider.GITHUB:
            return f"https://{host}/{_owner_and_name(path)}/commit/{commit}"
        case GitProvider.GITLAB:
            return f"https://{host}/{path}/-/commit/{commit}"
        case GitProvider.GITEA:
            return f"https://{host}/{path}/commit/{commit}"
        case GitProvider.BITBUCKET:
            return f"https://{host}/{path}/commits/{commit}"
        case GitProvider.AZURE:
            return f"https://dev.azure.com/{_azure_path(path)}/commit/{commit}"


def _split(repo_url: str) -> tuple[str, str]:
    """Return the host, with its port, and the path."""
    try:
        parts = urlsplit(normalise_git_url(repo_url))
    except ValueError as error:
        raise InvalidError(f'"{repo_url}" is not a repository URL.') from error
    return parts.netloc.rpartition("@")[2], unquote(parts.path).lstrip("/")


def _owner_and_name(path: str) -> str:
    names = path.split("/")
    if len(names) != _OWNER_AND_REPOSITORY or not all(names):
        raise InvalidError(f'"{path}" is not a GitHub repository; it should be owner/repository.')
    return path


def _azure_path(path: str) -> str:
    return path.removeprefix("v3/")
