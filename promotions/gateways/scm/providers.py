"""Which class speaks to which provider of Git hosting."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from common.egress import EgressPolicy
from common.errors import InvalidError
from promotions.engine.scm.providers import GitProvider, detect_provider
from promotions.gateways.scm.azure import open_azure
from promotions.gateways.scm.bitbucket import open_bitbucket
from promotions.gateways.scm.gitea import open_gitea
from promotions.gateways.scm.github import open_github
from promotions.gateways.scm.gitlab import open_gitlab
from promotions.ports.scm import PullRequests, RepositoryAccess

Opener = Callable[[RepositoryAccess, EgressPolicy, str], PullRequests]
"""Takes the access, the policy, and where the API of the provider's public service is instead."""

_OPENERS: Mapping[GitProvider, Opener] = {
    GitProvider.AZURE: open_azure,
    GitProvider.BITBUCKET: open_bitbucket,
    GitProvider.GITEA: open_gitea,
    GitProvider.GITHUB: open_github,
    GitProvider.GITLAB: open_gitlab,
}


@dataclass(frozen=True, slots=True)
class HostedProviders:
    """:class:`~promotions.ports.scm.ScmProviders` over the network, under one policy.

    Attributes:
        api_urls: Where the APIs of public services are, if not where their makers have them.
    """

    policy: EgressPolicy
    api_urls: Mapping[GitProvider, str] = field(default_factory=dict)

    def pull_requests(self, access: RepositoryAccess) -> PullRequests:
        """Return the pull requests of a repository; nothing is sent yet.

        Raises:
            InvalidError: No provider is known for the host, or the address is none of its own.
        """
        provider = access.provider or detect_provider(access.url)
        if provider is None:
            raise InvalidError(f"no registered providers for {access.url}")
        return _OPENERS[provider](access, self.policy, self.api_urls.get(provider, ""))
