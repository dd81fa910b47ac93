"""Which class speaks to which provider of Git hosting."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from common.egress import EgressPolicy
from common.errors import InvalidError
from promotions.engine.scm.providers import GitProvider, detect_provider
from promotions.ports.scm import PullRequests, RepositoryAccess

Opener = Callable[[RepositoryAccess, EgressPolicy], PullRequests]

_OPENERS: Mapping[GitProvider, Opener] = {}


@dataclass(frozen=True, slots=True)
class HostedProviders:
    """:class:`~promotions.ports.scm.ScmProviders` over the network, under one policy."""

    policy: EgressPolicy

    def pull_requests(self, access: RepositoryAccess) -> PullRequests:
        """Return the pull requests of a repository; nothing is sent yet.

        Raises:
            InvalidError: No provider is known for the host, or the address is none of its own.
        """
        provider = access.provider or detect_provider(access.url)
        if provider is None:
            raise InvalidError(f"no registered providers for {access.url}")
        return _OPENERS[provider](access, self.policy)
