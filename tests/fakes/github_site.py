"""The whole fake GitHub with a repository, and what a test needs to speak to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from common.egress import EgressPolicy
from promotions.engine.scm.providers import GitProvider
from promotions.gateways.github.access import GitHubSettings
from promotions.gateways.github.gateway import GitHubGateway
from promotions.ports.credentials import Credential
from promotions.ports.scm import RepositoryAccess
from tests.fakes import github_actions, github_apps, github_git, github_issues, github_pulls
from tests.fakes.git_ports import FixedCredentials
from tests.fakes.github import FakeGitHub, Repository, serving
from tests.fakes.scm_server import ApiServer

TOKEN = "ghp_0123456789abcdef"
LOOPBACK = EgressPolicy(allowed_hosts=frozenset({"127.0.0.1"}))
GROUPS = (
    github_actions.routes,
    github_apps.routes,
    github_git.routes,
    github_issues.routes,
    github_pulls.routes,
)


@dataclass
class GitHubSite:
    """A running GitHub where ``octo`` may do everything in ``octo/config``."""

    github: FakeGitHub
    server: ApiServer
    repository: Repository
    root: Path

    @property
    def url(self) -> str:
        return f"{self.server.url}/{self.repository.full_name}.git"

    @property
    def gateway(self) -> GitHubGateway:
        settings = GitHubSettings(LOOPBACK, sleep=lambda _: None)
        return GitHubGateway(settings, locks=self.root / "locks")

    @property
    def credentials(self) -> FixedCredentials:
        return FixedCredentials({self.url: Credential(username="octo", password=TOKEN)})

    def access(self, token: str = TOKEN) -> RepositoryAccess:
        credential = Credential(username="octo", password=token) if token else None
        return RepositoryAccess(self.url, GitProvider.GITHUB, credential)


@contextmanager
def running_site(root: Path, *, has_git: bool = False) -> Iterator[GitHubSite]:
    """Serve a GitHub with one repository until the block ends."""
    github = FakeGitHub(root / "github", groups=GROUPS)
    repository = github.add("Octo", "Config", has_git=has_git)
    github.user("octo", TOKEN)
    with serving(github) as server:
        yield GitHubSite(github, server, repository, root)
