from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pytest
from jsonschema import Draft202012Validator

from common.errors import InvalidError
from common.jsontypes import JSONObject
from promotions.engine.runner import StepError
from promotions.ports.credentials import Credential
from promotions.ports.github import (
    CommitPerson,
    ComparedCommit,
    Comparison,
    GitHubIssues,
    GitHubWorkflows,
    NewCommit,
)
from promotions.ports.scm import RepositoryAccess
from promotions.ports.workspaces import Signature
from promotions.steps.github_push import GithubPush, GitHubPushPolicy
from promotions.steps.support.github_replay import replay
from tests.fakes.git_ports import FixedCredentials
from tests.fakes.git_workspaces import ScriptedWorkspaces
from tests.unit.steps.git_context import context

BOT = Credential(username="kargo", password="ghs_secret", name="github-app/1")
BOB = CommitPerson("Bob", "bob@example.com", "2026-01-01T00:00:00Z")
SIGNED_BY_BOT = Signature(state="G", signer="Bot <bot@example.com>", author="")


@dataclass
class ScriptedCommits:
    """Commits on GitHub: what was created, and answers as the test wants them."""

    refs: dict[str, str] = field(default_factory=dict)
    comparison: Comparison = field(default_factory=lambda: Comparison("identical", "base"))
    created: list[NewCommit] = field(default_factory=list)
    refusals: list[bool] = field(default_factory=list)
    turns: list[str] = field(default_factory=list)

    def ref(self, name: str) -> str:
        return self.refs.get(name, "")

    def default_branch(self) -> str:
        return "main"

    def compare(self, base: str, head: str, *, limit: int) -> Comparison:
        return self.comparison

    def create_commit(self, commit: NewCommit) -> str:
        self.created.append(commit)
        return f"new{len(self.created)}"

    def create_ref(self, name: str, commit: str) -> bool:
        self.refs[name] = commit
        return True

    def update_ref(self, name: str, commit: str, *, force: bool) -> bool:
        if self.refusals and self.refusals.pop():
            return False
        self.refs[name] = commit
        return True

    @contextmanager
    def turn(self, branch: str) -> Iterator[None]:
        self.turns.append(branch)
        yield


@dataclass
class ScriptedGitHub:
    """Opens one repository's commits, or refuses the address."""

    repository: ScriptedCommits = field(default_factory=ScriptedCommits)
    opened: list[RepositoryAccess] = field(default_factory=list)
    failure: Exception | None = None

    def commits(self, access: RepositoryAccess) -> ScriptedCommits:
        if self.failure is not None:
            raise self.failure
        self.opened.append(access)
        return self.repository

    def issues(self, access: RepositoryAccess) -> GitHubIssues:
        raise AssertionError("nobody should ask for issues here")

    def workflows(self, access: RepositoryAccess) -> GitHubWorkflows:
        raise AssertionError("nobody should ask for workflows here")


@dataclass
class World:
    workspaces: ScriptedWorkspaces = field(default_factory=ScriptedWorkspaces)
    github: ScriptedGitHub = field(default_factory=ScriptedGitHub)
    pauses: list[float] = field(default_factory=list)

    def step(self) -> GithubPush:
        known = FixedCredentials({self.workspaces.url: BOT})
        return GithubPush(
            self.workspaces,
            known,
            self.github,
            GitHubPushPolicy(),
            sleep=self.pauses.append,
            chance=lambda: 0.5,
        )

    def push(self, **config: str | bool | int) -> JSONObject:
        return self.step().run(context({"path": "out", **config})).output or {}


def commit(name: str, *parents: str, author: CommitPerson | None = BOB) -> ComparedCommit:
    return ComparedCommit(name, f"tree-{name}", f"Subject {name}", parents, author, author)


def replayed(
    commits: Sequence[ComparedCommit],
    signatures: dict[str, Signature],
    *,
    all_of_them: bool = False,
) -> tuple[str, list[NewCommit]]:
    github = ScriptedCommits()
    last = replay(
        commits, onto="base", signatures=signatures, github=github, verify_untrusted=all_of_them
    )
    return last, github.created


def test_the_staging_ref_is_pushed_by_force_and_deleted() -> None:
    world = World()
    world.github.repository.refs["heads/main"] = "base"

    output = world.push()

    (staged,) = world.workspaces.pushes
    assert (staged.branch, staged.force) == ("refs/kargo/staging/test.01.abc", True)
    assert [it.branch for it in world.workspaces.deletions] == [staged.branch]
    assert [it.branch for it in world.workspaces.adoptions] == ["main"]
    assert world.github.repository.turns == ["main"]
    assert output == {
        "commit": "c0ffee",
        "branch": "main",
        "commitURL": "https://github.com/example/config/commit/c0ffee",
    }


def test_the_mirror_is_named_for_the_app_and_not_for_its_token() -> None:
    world = World()
    world.github.repository.refs["heads/main"] = "base"

    world.push(insecureSkipTLSVerify=True)

    remote = world.workspaces.pushes[0].remote
    assert (remote.credential, remote.credential_name) == (BOT, "github-app/1")
    assert not remote.insecure_skip_tls_verify
    assert world.github.opened[0].insecure_skip_tls_verify


def test_a_forced_push_integrates_nothing() -> None:
    world = World()
    world.github.repository.refs["heads/main"] = "other"

    world.push(force=True)

    assert world.workspaces.integrations == []


def test_pauses_grow_up_to_half_a_minute() -> None:
    world = World()
    world.github.repository.refs["heads/main"] = "base"
    world.github.repository.comparison = Comparison(
        "ahead", "base", None, 1, (commit("a", "base"),)
    )
    world.github.repository.refusals = [True] * 12

    world.push(maxAttempts=13)

    assert [round(it, 2) for it in world.pauses[:4]] == [1.0, 1.5, 2.25, 3.38]
    assert world.pauses[-1] == 30.0
    assert len(world.github.repository.turns) == 13


@pytest.mark.parametrize("status", ["behind", "diverged"])
def test_a_lagging_branch_is_tried_again_unless_it_is_forced(status: str) -> None:
    world = World()
    world.github.repository.refs["heads/main"] = "base"
    world.github.repository.comparison = Comparison(status, "merge-base")

    with pytest.raises(StepError, match="gave up after 2 attempts"):
        world.push(maxAttempts=2)
    world.push(force=True)

    assert world.github.repository.refs["heads/main"] == "merge-base"


@pytest.mark.parametrize(
    ("base", "is_done"),
    [
        (commit("a", "x"), True),
        (replace(commit("a", "x"), id="b"), True),
        (replace(commit("a", "x"), tree="other"), False),
        (replace(commit("a", "x"), message="Other"), False),
        (
            replace(commit("a", "x"), message="Subject a\n\nCo-authored-by: Bob <bob@example.com>"),
            True,
        ),
    ],
)
def test_a_branch_that_was_moved_before_is_left_alone(
    base: ComparedCommit, *, is_done: bool
) -> None:
    world = World()
    world.github.repository.refs["heads/main"] = "theirs"
    world.github.repository.comparison = Comparison(
        "diverged", "merge-base", base, 1, (commit("a", "merge-base"),)
    )

    if is_done:
        world.push()
    else:
        with pytest.raises(StepError, match="kept moving"):
            world.push(maxAttempts=1)

    assert bool(world.workspaces.integrations) is not is_done
    assert world.github.repository.refs["heads/main"] == "theirs"


def test_an_address_that_is_no_repository_may_be_tried_again() -> None:
    world = World()
    world.github.failure = InvalidError("no owner")

    with pytest.raises(StepError, match="error parsing repository URL: no owner") as caught:
        world.push()

    assert (caught.value.failed, caught.value.terminal) == (False, False)


def test_parents_that_were_made_again_are_replaced_and_others_stay() -> None:
    commits = [commit("a", "base"), commit("b", "a"), commit("m", "b", "elsewhere")]

    last, created = replayed(commits, {})

    assert last == "new3"
    assert [it.parents for it in created] == [("base",), ("new1",), ("new2", "elsewhere")]


def test_no_commits_leave_what_they_would_have_begun_from() -> None:
    assert replayed([], {}) == ("base", [])


@pytest.mark.parametrize(
    ("signature", "all_of_them", "author", "message"),
    [
        (Signature("N", "", ""), False, BOB, "Subject a"),
        (Signature("U", "", ""), False, BOB, "Subject a"),
        (SIGNED_BY_BOT, False, None, "Subject a\n\nCo-authored-by: Bob <bob@example.com>"),
        (Signature("G", "Bob <bob@example.com>", ""), False, None, "Subject a"),
        (Signature("N", "", ""), True, None, "Subject a\n\nCo-authored-by: Bob <bob@example.com>"),
    ],
)
def test_only_trusted_commits_are_github_s_to_sign(
    signature: Signature, author: CommitPerson | None, message: str, *, all_of_them: bool
) -> None:
    _, (created,) = replayed([commit("a", "base")], {"a": signature}, all_of_them=all_of_them)

    assert (created.author, created.committer, created.message) == (author, author, message)


@pytest.mark.parametrize("author", [None, CommitPerson("", "x@example.com"), CommitPerson("X", "")])
def test_an_author_who_is_not_known_is_no_co_author(author: CommitPerson | None) -> None:
    _, (created,) = replayed([commit("a", "base", author=author)], {"a": SIGNED_BY_BOT})

    assert created.message == "Subject a"


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"targetBranch": "env/test"}, "push env/test to https://github.com/example/config.git"),
        ({"force": True}, "force-push main to https://github.com/example/config.git"),
        ({"generateTargetBranch": True}, "force-push kargo/promotion/test.01.abc to"),
    ],
)
def test_a_preview_names_branch_and_repository(config: JSONObject, words: str) -> None:
    assert World().step().would(context({"path": "out", **config})).startswith(words)


@pytest.mark.parametrize(
    "config",
    [{"tag": "v1"}, {"maxAttempts": 0}, {"targetBranch": "b", "generateTargetBranch": True}],
)
def test_the_schema_allows_no_tag_and_one_target(config: JSONObject) -> None:
    assert not Draft202012Validator(GithubPush.schema).is_valid({"path": "x", **config})
