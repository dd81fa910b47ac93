from dataclasses import replace
from datetime import UTC, datetime

import pytest

from common.errors import InvalidError, PlatformError
from common.jsontypes import JSONObject, JSONValue
from promotions.engine.runner import StepError, StepResult, StepStatus
from promotions.engine.scm.providers import GitProvider
from promotions.ports.credentials import Credential
from promotions.ports.git import RefListing
from promotions.ports.scm import (
    NewPullRequest,
    PullRequest,
    PullRequestFilter,
    ScmAuthenticationError,
    ScmRefusedError,
    ScmUnavailableError,
)
from promotions.steps.git_open_pr import GitOpenPR
from tests.fakes.git_ports import FixedCredentials, ListedRepositories
from tests.fakes.scm_port import ScriptedProviders, ScriptedPullRequests
from tests.unit.steps.git_context import context

URL = "https://gitlab.com/team/app.git"
CONFIG: JSONObject = {"repoURL": URL, "sourceBranch": "change", "targetBranch": "main"}
TOKEN = Credential(username="bot", password="glpat-secret")
HEAD, OLD, MAIN = "a" * 40, "b" * 40, "c" * 40


class World:
    """A repository with a branch to merge, and its pull requests."""

    def __init__(self) -> None:
        self.pulls = ScriptedPullRequests()
        self.providers = ScriptedProviders(self.pulls)
        self.repositories = ListedRepositories(
            RefListing("main", {"refs/heads/change": HEAD, "refs/heads/main": MAIN}),
            messages={HEAD: "Use v2\n\nBecause it is better.\n"},
        )

    @property
    def step(self) -> GitOpenPR:
        return GitOpenPR(self.repositories, FixedCredentials({URL: TOKEN}), self.providers)

    def run(
        self, config: JSONObject | None = None, *, state: JSONObject | None = None, ui: str = ""
    ) -> StepResult:
        whole = {**CONFIG, **(config or {})}
        return self.step.run(replace(context(whole), state=state or {}, ui_base_url=ui))

    def have(self, number: int, *, head: str = HEAD, state: str = "open", day: int = 1) -> None:
        self.pulls.add(
            PullRequest(
                number,
                f"https://host/pr/{number}",
                is_open=state == "open",
                is_merged=state == "merged",
                head_commit=head,
                created_at=datetime(2026, 1, day, tzinfo=UTC),
            ),
            source="change",
            target="main",
        )


@pytest.fixture
def world() -> World:
    return World()


def opened(number: int) -> JSONObject:
    return {"pr": {"id": number, "url": f"https://host/pr/{number}"}}


def test_a_pull_request_is_opened_for_the_newest_commit(world: World) -> None:
    result = world.run()

    (made,) = world.pulls.created
    assert (result.status, result.output) == (StepStatus.SUCCEEDED, opened(1))
    assert (made.title, made.description) == ("Use v2", "\nBecause it is better.\n")
    assert (made.source, made.target, made.labels) == ("change", "main", ())


def test_the_provider_is_asked_with_the_projects_token(world: World) -> None:
    world.run({"provider": "gitea", "insecureSkipTLSVerify": True})

    (access,) = world.providers.opened
    assert (access.url, access.provider) == (URL, GitProvider.GITEA)
    assert access.credential == TOKEN
    assert access.insecure_skip_tls_verify


def test_the_provider_is_left_to_be_told_from_the_host(world: World) -> None:
    world.run()

    assert world.providers.opened[0].provider is None


@pytest.mark.parametrize(
    ("config", "title", "description"),
    [
        ({"title": "T"}, "T", "Use v2\n\nBecause it is better.\n"),
        ({"description": "D"}, "Use v2", "D"),
        ({"title": "T", "description": "D"}, "T", "D"),
    ],
)
def test_texts_are_configured_or_taken_from_the_commit(
    world: World, config: JSONObject, title: str, description: str
) -> None:
    world.run(config)

    assert (world.pulls.created[0].title, world.pulls.created[0].description) == (
        title,
        description,
    )


def test_the_stage_is_linked_if_the_portals_address_is_known(world: World) -> None:
    world.run({"description": "D"}, ui="https://kargo.example.com")

    assert world.pulls.created[0].description == (
        "D\n\n[View in Kargo UI](https://kargo.example.com/project/demo/stage/test)"
    )


def test_labels_are_passed_on(world: World) -> None:
    world.run({"labels": ["kargo", "test"], "createTargetBranch": True})

    assert world.pulls.created[0].labels == ("kargo", "test")


@pytest.mark.parametrize("number", [7, 7.0])
def test_what_was_opened_before_is_put_out_again_and_nobody_is_asked(
    world: World, number: float
) -> None:
    stored: JSONObject = {"pr": {"id": number, "url": "https://host/pr/7"}, "extra": 1}

    result = world.run(state={"step-1": stored})

    assert result.output == stored
    assert world.providers.opened == []
    assert world.step.would(replace(context(CONFIG), state={"step-1": stored})) == ""


@pytest.mark.parametrize("stored", [None, {}, {"pr": None}, {"pr": "x"}, {"pr": {"url": "x"}}])
def test_an_output_without_a_pull_request_is_none(world: World, stored: JSONValue) -> None:
    assert world.run(state={"step-1": stored}).output == opened(1)


@pytest.mark.parametrize("stored", ["x", 7, ["x"], {"pr": {"id": "7"}}, {"pr": {"id": True}}])
def test_an_output_that_this_step_never_makes_is_an_error(world: World, stored: JSONValue) -> None:
    with pytest.raises(StepError, match='output from step with alias "step-1" is not') as caught:
        world.run(state={"step-1": stored})

    assert (caught.value.failed, caught.value.terminal) == (False, False)


def test_an_open_pull_request_of_the_same_head_is_adopted(world: World) -> None:
    world.have(5)

    result = world.run()

    (query,) = world.pulls.queries
    assert result.output == opened(5)
    assert world.pulls.created == []
    assert (query.state, query.source, query.target, query.head_commit) == (
        PullRequestFilter.ANY,
        "change",
        "main",
        "",
    )


def test_an_adopted_pull_request_gets_the_labels_that_an_interrupted_attempt_left_out(
    world: World,
) -> None:
    world.have(5)

    world.run({"labels": ["promotion"]})

    assert world.pulls.labels == {5: ("promotion",)}


def test_one_that_is_merged_gets_no_labels(world: World) -> None:
    world.have(5, state="merged")

    world.run({"labels": ["promotion"]})

    assert world.pulls.labels == {}


def test_an_open_one_whose_head_the_provider_has_not_yet_seen_is_adopted(world: World) -> None:
    world.have(5, head=OLD)

    assert world.run().output == opened(5)


def test_one_that_was_merged_with_another_head_is_not_adopted(world: World) -> None:
    world.have(1, head=OLD, state="merged")

    assert world.run().output == opened(2)


def test_an_abbreviated_head_is_recognised(world: World) -> None:
    world.have(1, head=HEAD[:12], state="merged")

    assert world.run().output == opened(1)


def test_one_that_was_merged_meanwhile_is_adopted_though_its_target_is_gone(world: World) -> None:
    world.have(5, state="merged")
    world.repositories.listing = RefListing("x", {"refs/heads/change": HEAD})

    assert world.run().output == opened(5)


def test_the_open_one_and_then_the_newest_is_adopted(world: World) -> None:
    world.have(1, state="merged", day=9)
    world.have(2, day=2)
    world.have(3, day=3)
    world.have(4, state="closed", day=8)

    assert world.run().output == opened(3)


def test_one_that_was_closed_by_hand_is_not_adopted(world: World) -> None:
    world.have(1, state="closed")

    assert world.run().output == opened(2)


def test_branches_with_the_same_files_are_skipped(world: World) -> None:
    world.repositories.same.add(frozenset({HEAD, MAIN}))

    result = world.run()

    assert (result.status, result.output) == (StepStatus.SKIPPED, None)
    assert world.pulls.created == []


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("main", 'target branch "main" does not exist'),
        ("change", 'source branch "change" does not exist'),
    ],
)
def test_a_missing_branch_is_an_error(world: World, missing: str, message: str) -> None:
    refs = {name: it for name, it in world.repositories.listing.refs.items() if missing not in name}
    world.repositories.listing = RefListing("main", refs)

    with pytest.raises(StepError, match=f"^{message}$") as caught:
        world.run()

    assert (caught.value.failed, caught.value.terminal) == (False, False)


@pytest.mark.parametrize(
    ("what", "error", "message"),
    [
        (
            "find",
            ScmAuthenticationError("no", retryable=False),
            "error determining if pull request already exists: no",
        ),
        ("create", InvalidError("labels not found: x"), "error creating pull request: labels"),
        ("create", ScmRefusedError("no", retryable=False), "error creating pull request: no"),
        ("create", ScmUnavailableError("no", retryable=True), "error creating pull request: no"),
    ],
)
def test_what_the_provider_refuses_is_an_error(
    world: World, what: str, error: PlatformError, message: str
) -> None:
    world.pulls.errors[what] = error

    with pytest.raises(StepError, match=message) as caught:
        world.run()

    assert (caught.value.failed, caught.value.terminal) == (False, False)


def test_a_provider_that_nobody_knows_is_an_error(world: World) -> None:
    world.providers.error = InvalidError(f"no registered providers for {URL}")

    with pytest.raises(StepError, match="error creating git provider service: no registered") as it:
        world.run()

    assert (it.value.failed, it.value.terminal) == (False, False)


def test_a_creation_whose_answer_was_lost_is_found(world: World) -> None:
    world.pulls.lost["create"] = ScmUnavailableError("bad gateway", retryable=True)

    assert world.run().output == opened(1)
    assert len(world.pulls.created) == 1


def test_somebody_who_was_quicker_is_not_competed_with(world: World) -> None:
    class Late(ScriptedPullRequests):
        def create(self, request: NewPullRequest) -> PullRequest:
            world.have(5)
            raise ScmRefusedError("there is one already", retryable=False)

    world.pulls = world.providers.pull = Late()

    assert world.run().output == opened(5)


def test_the_preview_names_the_branches_and_no_password(world: World) -> None:
    config = {**CONFIG, "repoURL": "https://bot:secret@gitlab.com/team/app"}

    words = world.step.would(context(config))

    assert words == (
        "open a pull request from change to main of https://******@gitlab.com/team/app"
    )
