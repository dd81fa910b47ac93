"""Who hosts a Git repository?

Source: Kargo ``pkg/gitprovider``, the registered predicates.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum

from common.errors import InvalidError
from promotions.engine.gourl import GoURL, parse_url


class GitProvider(StrEnum):
    """The providers of Git hosting, in Kargo's words."""

    AZURE = "azure"
    BITBUCKET = "bitbucket"
    GITEA = "gitea"
    GITHUB = "github"
    GITLAB = "gitlab"


AZURE_HOST = "dev.azure.com"
AZURE_LEGACY_HOST = "visualstudio.com"

# The first that owns a host is taken. A host is looked at as it was written: Kargo does not
# lower-case it, and a port counts as part of its end.
_OWNS: Mapping[GitProvider, Callable[[GoURL], bool]] = {
    GitProvider.GITHUB: lambda url: "github" in url.host or url.host.endswith(".ghe.com"),
    GitProvider.GITLAB: lambda url: "gitlab" in url.host,
    GitProvider.GITEA: lambda url: "gitea" in url.host,
    GitProvider.BITBUCKET: lambda url: url.hostname == "bitbucket.org",
    GitProvider.AZURE: lambda url: url.host == AZURE_HOST or url.host.endswith(AZURE_LEGACY_HOST),
}


def matching_providers(repo_url: str) -> tuple[GitProvider, ...]:
    """Return every provider whose sign the host bears, the one to take first.

    Kargo does not look into addresses of the form ``user@host:path``, so they have none.
    """
    try:
        url = parse_url(repo_url)
    except InvalidError:
        return ()
    return tuple(provider for provider, owns in _OWNS.items() if owns(url))


def detect_provider(repo_url: str) -> GitProvider | None:
    """Return the provider that the host's name gives away, or ``None``."""
    return next(iter(matching_providers(repo_url)), None)
