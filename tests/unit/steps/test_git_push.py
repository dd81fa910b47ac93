import pytest
from jsonschema import Draft202012Validator

from common.jsontypes import JSONObject
from promotions.ports.credentials import Credential
from promotions.steps.git_push import GitPush
from tests.fakes.git_ports import FixedCredentials
from tests.fakes.git_workspaces import ScriptedWorkspaces
from tests.unit.steps.git_context import context

BOT = Credential(username="bot", password="p")


def push(workspaces: ScriptedWorkspaces, config: JSONObject) -> JSONObject:
    step = GitPush(workspaces, FixedCredentials({workspaces.url: BOT}))
    return step.run(context({"path": "out", **config})).output or {}


def test_the_checked_out_branch_is_pushed_with_the_repository_s_credentials() -> None:
    workspaces = ScriptedWorkspaces()

    output = push(workspaces, {})

    (request,) = workspaces.pushes
    assert (request.branch, request.tag, request.force) == ("", "", False)
    assert request.max_attempts == 10
    assert request.remote.credential == BOT
    assert output == {
        "commit": "c0ffee",
        "branch": "main",
        "commitURL": "https://github.com/example/config/commit/c0ffee",
    }


def test_a_generated_branch_is_named_for_the_promotion_and_forced() -> None:
    workspaces = ScriptedWorkspaces()

    output = push(workspaces, {"generateTargetBranch": True})

    assert workspaces.pushes[0].force
    assert output["branch"] == "kargo/promotion/test.01.abc"


def test_target_force_and_attempts_are_passed_on() -> None:
    workspaces = ScriptedWorkspaces()

    push(workspaces, {"targetBranch": "env/test", "force": True, "maxAttempts": 3})

    (request,) = workspaces.pushes
    assert (request.branch, request.force, request.max_attempts) == ("env/test", True, 3)


def test_a_tag_without_a_branch_leaves_branch_out() -> None:
    assert "branch" not in push(ScriptedWorkspaces(), {"tag": "v1"})


@pytest.mark.parametrize("url", ["https://git.example.com/a/b", "https://github.com/a/b/c"])
def test_a_page_that_cannot_be_told_is_left_out(url: str) -> None:
    assert "commitURL" not in push(ScriptedWorkspaces(url=url), {})


def test_a_provider_can_be_named() -> None:
    output = push(ScriptedWorkspaces(url="https://git.example.com/a/b"), {"provider": "gitlab"})

    assert output["commitURL"] == "https://git.example.com/a/b/-/commit/c0ffee"


@pytest.mark.parametrize(
    ("config", "is_valid"),
    [
        ({}, True),
        ({"targetBranch": "", "tag": "", "generateTargetBranch": False}, True),
        ({"targetBranch": "b", "force": True}, True),
        ({"tag": "v1", "force": False}, True),
        ({"tag": "v1", "force": True}, False),
        ({"targetBranch": "b", "generateTargetBranch": True}, False),
        ({"targetBranch": "b", "tag": "t"}, False),
        ({"maxAttempts": 0}, False),
        ({"provider": "svn"}, False),
        ({"remote": "x"}, False),
    ],
)
def test_the_schema_allows_one_target(config: JSONObject, *, is_valid: bool) -> None:
    assert Draft202012Validator(GitPush.schema).is_valid({"path": "x", **config}) is is_valid
