"""A running fake of each provider, with a repository that has a branch to merge."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from common.egress import EgressPolicy
from promotions.engine.scm.providers import GitProvider
from promotions.gateways.scm.azure import AzurePullRequests
from promotions.gateways.scm.bitbucket import BitbucketPullRequests
from promotions.gateways.scm.gitea import GiteaPullRequests
from promotions.gateways.scm.gitlab import GitLabPullRequests
from promotions.gateways.scm.providers import HostedProviders
from promotions.ports.credentials import Credential
from promotions.ports.scm import NewPullRequest, PullRequests, RepositoryAccess
from tests.fakes.scm_azure import AzureFake
from tests.fakes.scm_bitbucket import BitbucketFake
from tests.fakes.scm_gitea import GiteaFake
from tests.fakes.scm_gitlab import GitLabFake
from tests.fakes.scm_repository import HostedRepository
from tests.fakes.scm_server import ApiServer, serving_api

POLICY = EgressPolicy(allowed_hosts=frozenset({"127.0.0.1"}))
PROVIDERS = tuple(it for it in GitProvider if it is not GitProvider.GITHUB)

LABELLED = NewPullRequest("T", "", "change", "main", labels=("kargo", "stage", "kargo"))

Fake = AzureFake | BitbucketFake | GiteaFake | GitLabFake
Ours = AzurePullRequests | BitbucketPullRequests | GiteaPullRequests | GitLabPullRequests

FAKES: dict[GitProvider, Callable[[HostedRepository], Fake]] = {
    GitProvider.AZURE: AzureFake,
    GitProvider.BITBUCKET: BitbucketFake,
    GitProvider.GITEA: GiteaFake,
    GitProvider.GITLAB: GitLabFake,
}


@dataclass
class Host:
    """A fake that is served, and its repository.

    Attributes:
        pauses: How long our side slept, in seconds; it does not really sleep.
    """

    provider: GitProvider
    fake: Fake
    server: ApiServer
    pauses: list[float]

    @property
    def repository(self) -> HostedRepository:
        return self.fake.repository

    @property
    def repo_url(self) -> str:
        if self.provider is GitProvider.AZURE:
            return "https://dev.azure.com/org/team/_git/app"
        if self.provider is GitProvider.BITBUCKET:
            return "https://bitbucket.org/team/app.git"
        return f"{self.server.url}/team/app.git"

    @property
    def providers(self) -> HostedProviders:
        """Our side, pointed at the fake."""
        return HostedProviders(
            POLICY,
            {
                GitProvider.AZURE: self.server.url,
                GitProvider.BITBUCKET: f"{self.server.url}/2.0",
            },
        )

    def client(self, *, token: str | None = None) -> PullRequests:
        """Return our side, which sleeps in no time."""
        given = self.fake.token if token is None else token
        access = RepositoryAccess(
            self.repo_url, provider=self.provider, credential=Credential("kargo", given)
        )
        return sleepless(self.providers.pull_requests(access), self.pauses)


def sleepless(ours: PullRequests, pauses: list[float]) -> PullRequests:
    """Return pull requests that note their pauses instead of making them."""
    assert isinstance(ours, Ours)
    awake = replace(ours, api=replace(ours.api, sleep=pauses.append))
    if isinstance(awake, AzurePullRequests | BitbucketPullRequests):
        awake = replace(awake, sleep=pauses.append)
    return awake


@contextmanager
def hosting(provider: GitProvider, folder: Path) -> Iterator[Host]:
    """Serve a fake whose branch ``change`` is one commit ahead of ``main``."""
    repository = HostedRepository.create(folder / "app.git")
    repository.commit("change", {"image.txt": "v2\n"}, message="Use v2")
    fake = FAKES[provider](repository)
    with serving_api(fake) as server:
        fake.url = server.url
        yield Host(provider, fake, server, [])


def conflict(repository: HostedRepository) -> None:
    """Open a pull request that cannot be merged."""
    repository.commit("main", {"image.txt": "v9\n"})
    repository.open("Use v2", "", "change", "main")
