"""A promotion by pull request: real Git over HTTP, and each provider's API beside it."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from common.egress import EgressPolicy
from common.jsontypes import JSONObject, JSONValue, as_object, as_text
from promotions.engine.freight import FreightOrigin, FreightReference
from promotions.engine.runner import StepContext, StepError, StepResult, StepRunner, StepStatus
from promotions.engine.scm.providers import GitProvider
from promotions.gateways.git.gateway import GitGateway, open_git
from promotions.gateways.git.settings import GitSettings
from promotions.gateways.scm.providers import HostedProviders
from promotions.ports.credentials import Credential
from promotions.ports.git import RefListing, Remote
from promotions.ports.scm import PullRequests, RepositoryAccess
from promotions.steps.git_clone import GitClone
from promotions.steps.git_commit import GitCommit
from promotions.steps.git_merge_pr import GitMergePR
from promotions.steps.git_open_pr import GitOpenPR
from promotions.steps.git_push import GitPush
from promotions.steps.git_wait_for_pr import GitWaitForPR
from tests.fakes.git_http_server import GitHTTPServer
from tests.fakes.git_ports import FixedCredentials, FixedIdentity, ListedRepositories
from tests.fakes.scm_repository import HostedRepository
from tests.fakes.scm_server import ApiServer, Fault, Reply, Site, serving
from tests.integration.scm.hosts import FAKES, PROVIDERS, Fake, sleepless

LOOPBACK = EgressPolicy(allowed_hosts=frozenset({"127.0.0.1"}))
BRANCH = "kargo/promotion/test.01"
BAD_GATEWAY = Reply(502, raw=b"<html>")


@dataclass
class Moved(ListedRepositories):
    """Reads an address that only the provider knows from where its repository really is."""

    git: GitGateway | None = None
    url: str = ""

    def list_refs(self, remote: Remote, *, max_age: timedelta = timedelta(0)) -> RefListing:
        return self._git.repositories.list_refs(self._moved(remote), max_age=max_age)

    def commit_message(self, remote: Remote, commit: str) -> str:
        return self._git.repositories.commit_message(self._moved(remote), commit)

    def same_content(self, remote: Remote, one: str, other: str) -> bool:
        return self._git.repositories.same_content(self._moved(remote), one, other)

    @property
    def _git(self) -> GitGateway:
        assert self.git is not None
        return self.git

    def _moved(self, remote: Remote) -> Remote:
        return replace(remote, url=self.url)


@dataclass
class Sleepless:
    """The real providers, which note their pauses instead of making them."""

    providers: HostedProviders
    pauses: list[float] = field(default_factory=list)

    def pull_requests(self, access: RepositoryAccess) -> PullRequests:
        return sleepless(self.providers.pull_requests(access), self.pauses)


@dataclass
class World:
    """A host of repositories, and one promotion's steps against it.

    Attributes:
        repo_url: The repository as the pull request steps are told it.
        state: Outputs by alias, as the engine keeps them.
    """

    provider: GitProvider
    fake: Fake
    api: ApiServer
    git: GitGateway
    git_url: str
    workdir: Path
    providers: Sleepless
    state: dict[str, JSONValue] = field(default_factory=dict)

    @property
    def repository(self) -> HostedRepository:
        return self.fake.repository

    @property
    def repo_url(self) -> str:
        if self.provider is GitProvider.AZURE:
            return "https://dev.azure.com/org/team/_git/app"
        return self.git_url

    @property
    def credentials(self) -> FixedCredentials:
        bot = Credential(username="bot", password=self.fake.token)
        return FixedCredentials({self.git_url: bot, self.repo_url: bot})

    def push(self, content: str = "v2\n") -> None:
        """Clone, edit, commit and push to a generated branch."""
        workspaces = self.git.workspaces
        clone = GitClone(workspaces, self.credentials, FixedIdentity(), self.git.repositories)
        checkout: JSONObject = {"branch": "main", "path": "out"}
        self.run(clone, {"repoURL": self.git_url, "checkout": [checkout]})
        (self.workdir / "out" / "image.txt").write_text(content)
        self.run(GitCommit(workspaces), {"path": "out", "message": "Use v2\n\nBecause."})
        self.run(
            GitPush(workspaces, self.credentials), {"path": "out", "generateTargetBranch": True}
        )

    def open(self, **more: JSONValue) -> StepResult:
        repositories = Moved(git=self.git, url=self.git_url)
        step = GitOpenPR(repositories, self.credentials, self.providers)
        return self.run(step, self._config(sourceBranch=BRANCH, targetBranch="main", **more))

    def wait(self) -> StepResult:
        step = GitWaitForPR(self.credentials, self.providers)
        return self.run(step, self._config(prNumber=1))

    def merge(self, **more: JSONValue) -> StepResult:
        step = GitMergePR(self.credentials, self.providers)
        return self.run(step, self._config(prNumber=1, **more))

    def run(self, runner: StepRunner, config: JSONObject) -> StepResult:
        result = runner.run(
            StepContext(
                workdir=str(self.workdir),
                alias=runner.kind,
                config=config,
                tenant_uid="tenant",
                project="demo",
                stage="test",
                promotion="test.01",
                promotion_uid="uid",
                target_freight=FreightReference(name="f", origin=FreightOrigin(name="w")),
                now=datetime(2026, 1, 1, tzinfo=UTC),
                state=self.state,
            )
        )
        self.state[runner.kind] = result.output
        return result

    def restart(self) -> None:
        """Lose the work directory, as a worker that is killed does."""
        shutil.rmtree(self.workdir)
        self.workdir.mkdir()

    def _config(self, **more: JSONValue) -> JSONObject:
        return {"repoURL": self.repo_url, "provider": str(self.provider), **more}


@pytest.fixture(params=PROVIDERS, ids=str)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    provider = GitProvider(request.param)
    (tmp_path / "srv" / "team").mkdir(parents=True)
    fake = FAKES[provider](HostedRepository.create(tmp_path / "srv" / "team" / "app.git"))
    api = ApiServer(fake)
    git = GitHTTPServer(tmp_path / "srv", users={"bot": fake.token})
    with (
        serving(Site(api, git, prefixes=("/api/", "/2.0/", "/org/"))) as url,
        tempfile.TemporaryDirectory(prefix="w-", ignore_cleanup_errors=True) as folder,
    ):
        fake.url = url
        urls: Mapping[GitProvider, str] = {
            GitProvider.AZURE: url,
            GitProvider.BITBUCKET: f"{url}/2.0",
        }
        yield World(
            provider,
            fake,
            api,
            open_git(GitSettings(cache_dir=tmp_path / "cache", egress=LOOPBACK)),
            f"{url}/team/app.git",
            Path(folder),
            Sleepless(HostedProviders(LOOPBACK, urls)),
        )


def number(result: StepResult) -> JSONValue:
    return as_object((result.output or {})["pr"])["id"]


def commit(result: StepResult) -> str:
    return as_text((result.output or {})["commit"])


def test_a_change_goes_through_a_pull_request(world: World) -> None:
    world.push()
    opened = world.open(title="Promote")
    waiting = world.wait()
    merged = world.merge()
    done = world.wait()

    pull = world.repository.pulls[1]
    assert (pull.title, pull.source, pull.target) == ("Promote", BRANCH, "main")
    assert number(opened) == 1
    assert waiting.status is StepStatus.RUNNING
    assert done.status is StepStatus.SUCCEEDED
    assert commit(merged) == commit(done) == world.repository.head("main")
    assert world.repository.git("show", "main:image.txt") == "v2"


def test_a_pull_request_that_was_opened_and_not_recorded_is_adopted(world: World) -> None:
    world.push()
    world.open()
    world.state.clear()
    world.restart()

    world.push()
    again = world.open()

    assert number(again) == 1
    assert list(world.repository.pulls) == [1]


def test_a_pull_request_whose_opening_was_cut_off_is_found(world: World) -> None:
    world.push()
    world.api.fail(Fault("POST", after=BAD_GATEWAY))

    opened = world.open()

    assert number(opened) == 1
    assert list(world.repository.pulls) == [1]


def test_a_recorded_pull_request_is_not_asked_for_on_replay(world: World) -> None:
    world.push()
    first = world.open()
    asked = len(world.api.requests)

    again = world.open()

    assert again.output == first.output
    assert len(world.api.requests) == asked


def test_a_merge_that_was_not_recorded_is_seen_once(world: World) -> None:
    world.push()
    world.open()
    first = world.merge()
    del world.state["git-merge-pr"]

    again = world.merge()

    assert again.output == first.output
    assert world.repository.git("rev-list", "--count", "--first-parent", "main") == "2"


def test_a_merge_whose_answer_was_cut_off_is_seen(world: World) -> None:
    world.push()
    world.open()
    method = {GitProvider.AZURE: "PATCH", GitProvider.GITLAB: "PUT"}.get(world.provider, "POST")
    world.api.fail(Fault(method, after=BAD_GATEWAY))

    merged = world.merge()

    assert commit(merged) == world.repository.head("main")
    assert world.repository.git("rev-list", "--count", "--first-parent", "main") == "2"


def test_what_somebody_else_merged_meanwhile_is_done(world: World) -> None:
    world.push()
    world.open()
    world.repository.merge(world.repository.pulls[1], how="squash")

    assert commit(world.merge()) == world.repository.head("main")
    assert world.wait().status is StepStatus.SUCCEEDED


def test_what_was_merged_before_it_was_recorded_is_adopted(world: World) -> None:
    world.push()
    world.open()
    world.state.clear()
    world.repository.merge(world.repository.pulls[1])

    assert number(world.open()) == 1
    assert list(world.repository.pulls) == [1]


def test_what_was_closed_by_hand_ends_the_wait(world: World) -> None:
    world.push()
    world.open()
    world.repository.pulls[1].state = "closed"

    with pytest.raises(StepError, match="pull request 1 was closed without being merged") as it:
        world.wait()
    with pytest.raises(StepError, match="error merging pull request 1: pull request 1 is") as two:
        world.merge()

    assert (it.value.failed, it.value.terminal) == (True, True)
    assert (two.value.failed, two.value.terminal) == (True, True)
    assert as_object((it.value.output or {})["pr"])["merged"] is False


def test_after_one_was_closed_by_hand_another_is_opened(world: World) -> None:
    world.push()
    world.open()
    world.state.clear()
    world.repository.pulls[1].state = "closed"

    assert number(world.open()) == 2


def test_a_target_that_was_deleted_is_named(world: World) -> None:
    world.push()
    world.repository.delete("main")

    with pytest.raises(StepError, match='target branch "main" does not exist') as caught:
        world.open()

    assert not caught.value.terminal
    assert world.repository.pulls == {}


def test_branches_with_the_same_files_need_no_pull_request(world: World) -> None:
    world.push()
    world.repository.commit("main", {"image.txt": "v2\n"})

    result = world.open()

    assert (result.status, result.output) == (StepStatus.SKIPPED, None)
    assert world.repository.pulls == {}


def test_a_protected_branch_refuses_the_merge_for_good(world: World) -> None:
    world.push()
    world.open()
    world.repository.protected.add("main")

    with pytest.raises(StepError, match="error merging pull request 1: ") as caught:
        world.merge(wait=True)

    assert (caught.value.failed, caught.value.terminal) == (True, True)
    assert world.fake.token not in caught.value.message


def test_a_draft_is_waited_for_or_not(world: World) -> None:
    world.push()
    world.open()
    world.repository.pulls[1].is_draft = True

    with pytest.raises(StepError, match="is not ready to merge and wait is disabled"):
        world.merge()
    assert world.merge(wait=True).status is StepStatus.RUNNING

    world.repository.pulls[1].is_draft = False
    assert world.merge(wait=True).status is StepStatus.SUCCEEDED


@pytest.mark.parametrize(
    ("attempt", "method"), [(World.wait, "GET"), (World.merge, "GET"), (World.open, "GET")]
)
def test_a_provider_that_is_down_is_an_error_to_come_back_from(
    world: World, attempt: Callable[[World], StepResult], method: str
) -> None:
    world.push()
    world.api.fail(*[Fault(method, before=BAD_GATEWAY)] * 4)

    with pytest.raises(StepError, match="502") as caught:
        attempt(world)

    assert (caught.value.failed, caught.value.terminal) == (False, False)
    assert sum(world.providers.pauses) < 30


def test_a_token_that_was_taken_back_is_a_clear_error(world: World) -> None:
    world.push()
    world.open()
    old, world.fake.token = world.fake.token, "another"
    remembered = Credential(username="bot", password=old)
    step = GitWaitForPR(FixedCredentials({world.repo_url: remembered}), world.providers)

    with pytest.raises(StepError, match=r"error getting pull request 1: .*(refused|sign in)") as it:
        world.run(
            step,
            {"repoURL": world.repo_url, "provider": str(world.provider), "prNumber": 1},
        )

    assert old not in it.value.message
