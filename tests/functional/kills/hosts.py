"""Every provider of Git hosting, with real Git beside its API, at one address."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text
from projects.models import Project
from promotions.engine.runner import StepRunner
from promotions.engine.scm.providers import GitProvider
from promotions.ports.git import GitRepositories, RefListing, Remote
from promotions.steps.git_open_pr import GitOpenPR
from tests.fakes.git_http_server import GitHTTPServer
from tests.fakes.github_site import TOKEN, GitHubSite, running_site
from tests.fakes.scm_repository import HostedRepository
from tests.fakes.scm_server import ApiServer, Site, serving
from tests.functional.domain.conftest import build
from tests.functional.domain.people import step
from tests.functional.domain.world import World
from tests.functional.kills.fate import Fate, secret
from tests.functional.kills.mortal import with_steps
from tests.functional.kills.proxy import Effect
from tests.integration.scm.hosts import FAKES

EVERY = tuple(GitProvider)
AZURE_URL = "https://dev.azure.com/org/team/_git/app"
_PREFIXES = ("/api/", "/2.0/", "/org/")


@dataclass(frozen=True)
class Host:
    """A provider whose repository has a branch ``change``, one commit ahead of ``main``.

    Attributes:
        repository: Its Git; at GitHub, not its pull requests.
        git_url: The repository as Git finds it.
        numbers: Returns the numbers of all pull requests.
        labels: Returns the labels of the first.
    """

    provider: GitProvider
    repository: HostedRepository
    git_url: str
    token: str
    numbers: Callable[[], list[int]]
    labels: Callable[[], list[str]]

    @property
    def repo_url(self) -> str:
        """Return the repository as the steps are told it."""
        return AZURE_URL if self.provider is GitProvider.AZURE else self.git_url

    def step(self, kind: str, alias: str = "", /, **config: JSONValue) -> JSONObject:
        """Return a pull request step on this repository."""
        return step(kind, alias, repoURL=self.repo_url, provider=str(self.provider), **config)

    def admit(self, world: World) -> None:
        """Give the project what the host wants to see."""
        for name, url in (("git", self.git_url), ("api", self.repo_url)):
            secret(world, name, repoURL=url, username="bot", password=self.token)

    def merges(self) -> int:
        """Return how often ``main`` has moved since it was begun."""
        listed = self.repository.git("rev-list", "--count", "--first-parent", "main")
        return int(listed) - 1


@contextmanager
def hosting(provider: GitProvider, folder: Path, fate: Fate, effect: Effect) -> Iterator[Host]:
    """Serve a provider through a proxy where the worker dies when the effect is asked for."""
    if provider is GitProvider.GITHUB:
        with (
            running_site(folder, has_git=True) as site,
            fate.watching(site.server.url, effect) as it,
        ):
            yield _github(site, it.url)
        return
    (folder / "srv" / "team").mkdir(parents=True)
    fake = FAKES[provider](HostedRepository.create(folder / "srv" / "team" / "app.git"))
    fake.repository.commit("change", {"image.txt": "v2\n"}, message="Use v2")
    git = GitHTTPServer(folder / "srv", users={"bot": fake.token})
    with serving(Site(ApiServer(fake), git, _PREFIXES)) as url, fate.watching(url, effect) as it:
        fake.url = it.url
        fate.settings.GIT_PROVIDER_API_URLS = {"azure": it.url, "bitbucket": f"{it.url}/2.0"}
        host = Host(
            provider,
            fake.repository,
            f"{it.url}/team/app.git",
            fake.token,
            lambda: list(fake.repository.pulls),
            lambda: fake.repository.pulls[1].labels,
        )
        if provider is GitProvider.AZURE:
            fate.make = _Moving(host.git_url)
        yield host


def _github(site: GitHubSite, url: str) -> Host:
    repository, items = HostedRepository(site.repository.origin.path), site.repository.items
    repository.commit("change", {"image.txt": "v2\n"}, message="Use v2")
    return Host(
        GitProvider.GITHUB,
        repository,
        f"{url}/{site.repository.full_name}.git",
        TOKEN,
        lambda: [number for number, it in items.items() if "pull_request" in it],
        lambda: [as_text(as_object(it)["name"]) for it in as_list(items[1]["labels"])],
    )


@dataclass(frozen=True)
class _Moving:
    """Makes worlds whose pull request step reads Azure's repository from where it really is."""

    git_url: str

    def __call__(self, settings: Any, *, project: Project | None = None) -> World:
        return with_steps(build(settings, project=project), self._moved)

    def _moved(self, runner: StepRunner) -> StepRunner:
        if not isinstance(runner, GitOpenPR):
            return runner
        return replace(runner, repositories=_Moved(runner.repositories, self.git_url))


@dataclass(frozen=True)
class _Moved:
    """The repositories, of which Azure's is at another address."""

    repositories: GitRepositories
    git_url: str

    def list_refs(self, remote: Remote, *, max_age: timedelta = timedelta(0)) -> RefListing:
        return self.repositories.list_refs(self._moved(remote), max_age=max_age)

    def commit_message(self, remote: Remote, commit: str) -> str:
        return self.repositories.commit_message(self._moved(remote), commit)

    def same_content(self, remote: Remote, one: str, other: str) -> bool:
        return self.repositories.same_content(self._moved(remote), one, other)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.repositories, name)

    def _moved(self, remote: Remote) -> Remote:
        return replace(remote, url=self.git_url)
