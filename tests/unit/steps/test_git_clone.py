import pytest
from jsonschema import Draft202012Validator

from common.errors import ConflictError
from common.jsontypes import JSONObject
from promotions.engine.runner import StepError
from promotions.ports.control_plane import GitIdentity
from promotions.ports.credentials import Credential
from promotions.ports.git import AuthenticationError, MergeConflictError, RefusedURLError
from promotions.ports.workspaces import Checkout
from promotions.steps.git_clone import GitClone
from tests.fakes.git_ports import FixedCredentials, FixedIdentity, ListedRepositories
from tests.fakes.git_workspaces import ScriptedWorkspaces
from tests.unit.steps.git_context import WORKDIR, context

URL = "https://github.com/example/config.git"


def clone_with(workspaces: ScriptedWorkspaces) -> GitClone:
    credentials = FixedCredentials({URL: Credential(username="u", password="p")})
    identity = FixedIdentity(GitIdentity(name="System"))
    return GitClone(workspaces, credentials, identity, ListedRepositories())


def test_a_configuration_becomes_one_request() -> None:
    workspaces = ScriptedWorkspaces()
    config: JSONObject = {
        "repoURL": URL,
        "insecureSkipTLSVerify": True,
        "recurseSubmodules": True,
        "checkout": [
            {"branch": "main", "path": "../../src", "create": True, "sparse": ["a/b"]},
            {"tag": "v1", "path": "./out", "as": "tagged"},
            {"commit": "abc123", "path": "/c", "branch": "", "tag": ""},
        ],
    }

    result = clone_with(workspaces).run(context(config))

    (request,) = workspaces.clones
    assert request.remote.url == URL
    assert request.remote.credential == Credential(username="u", password="p")
    assert request.remote.insecure_skip_tls_verify
    assert request.remote.tenant_uid == "tenant"
    assert request.identity.name == "System"
    assert request.owner == "step-1"
    assert request.recurse_submodules
    assert request.checkouts == (
        Checkout(path=f"{WORKDIR}/src", branch="main", create=True, sparse=("a/b",)),
        Checkout(path=f"{WORKDIR}/out", tag="v1"),
        Checkout(path=f"{WORKDIR}/c", commit="abc123"),
    )
    assert result.output == {
        "commits": {"../../src": "c0ffee0", "tagged": "c0ffee1", "/c": "c0ffee2"}
    }


def test_the_author_in_the_configuration_replaces_the_system_s() -> None:
    workspaces = ScriptedWorkspaces()
    author = {"name": "A", "email": "a@example.com", "signingKey": "KEY"}
    config: JSONObject = {"repoURL": URL, "author": author, "checkout": [{"path": "out"}]}

    clone_with(workspaces).run(context(config))

    assert workspaces.clones[0].identity == GitIdentity("A", "a@example.com", "KEY")


@pytest.mark.parametrize(
    ("failure", "is_final"),
    [
        (AuthenticationError("no entry"), False),
        (ConflictError("busy"), False),
        (RefusedURLError("not here"), True),
        (MergeConflictError("merge conflict"), True),
    ],
)
def test_only_what_a_person_must_change_is_final(failure: Exception, *, is_final: bool) -> None:
    workspaces = ScriptedWorkspaces(failure=failure)
    config: JSONObject = {"repoURL": URL, "checkout": [{"path": "out"}]}

    with pytest.raises(StepError) as caught:
        clone_with(workspaces).run(context(config))

    assert caught.value.terminal is caught.value.failed is is_final
    assert caught.value.message == str(failure)


@pytest.mark.parametrize(
    "config",
    [
        {"repoURL": URL, "checkout": [{"path": "x"}]},
        {"repoURL": URL, "checkout": [{"path": "x", "branch": "b", "tag": "", "commit": ""}]},
        {"repoURL": URL, "checkout": [{"path": "x", "branch": "", "tag": "", "commit": ""}]},
        {"repoURL": URL, "blobless": True, "checkout": [{"path": "x", "tag": "t"}]},
    ],
)
def test_the_schema_takes_what_kargo_takes(config: JSONObject) -> None:
    assert Draft202012Validator(GitClone.schema).is_valid(config)


@pytest.mark.parametrize(
    "config",
    [
        {"repoURL": "", "checkout": [{"path": "x"}]},
        {"repoURL": URL, "checkout": []},
        {"repoURL": URL, "checkout": [{"branch": "b"}]},
        {"repoURL": URL, "checkout": [{"path": "x", "branch": "b", "tag": "t"}]},
        {"repoURL": URL, "checkout": [{"path": "x", "sparse": []}]},
        {"repoURL": URL, "checkout": [{"path": "x"}], "author": {"name": "A"}},
        {"repoURL": URL, "checkout": [{"path": "x"}], "depth": 1},
        {"checkout": [{"path": "x"}]},
    ],
)
def test_the_schema_refuses_what_kargo_refuses(config: JSONObject) -> None:
    assert not Draft202012Validator(GitClone.schema).is_valid(config)
