"""Pushes survive the death of their worker, and the remote sees each once."""

from collections.abc import Iterator

import pytest

from common.jsontypes import JSONObject, JSONValue
from tests.fakes.git_http_server import serving
from tests.fakes.git_origin import Origin, git
from tests.functional.domain.people import step
from tests.functional.kills.fate import Fate
from tests.functional.kills.proxy import Effect

pytestmark = [pytest.mark.slow, pytest.mark.sqlite_suffices]

PUSH = Effect("POST", r"/git-receive-pack$")


@pytest.fixture
def url(fate: Fate, origin: Origin) -> Iterator[str]:
    """Where the workers find the repository."""
    with serving(origin.path.parent) as server, fate.watching(server.url, PUSH) as proxy:
        yield f"{proxy.url}/{origin.path.name}"


def clone(url: str, **checkout: JSONValue) -> JSONObject:
    return step("git-clone", repoURL=url, checkout=[{"branch": "main", "path": "src", **checkout}])


def change() -> list[JSONObject]:
    """Return the steps that make and commit a change."""
    return [
        step("yaml-update", path="src/values.yaml", updates=[{"key": "tag", "value": "v2"}]),
        step("git-commit", path="src", message="Use v2"),
    ]


def test_git_push(fate: Fate, origin: Origin, url: str) -> None:
    promotion = fate.promoted(clone(url), *change(), step("git-push", path="src"))

    assert promotion.phase == "Succeeded", promotion.message
    assert origin.subjects() == ["Use v2", "Start"]


def test_git_push_to_a_generated_branch(fate: Fate, origin: Origin, url: str) -> None:
    push = step("git-push", path="src", generateTargetBranch=True)

    promotion = fate.promoted(clone(url), *change(), push)

    assert promotion.phase == "Succeeded", promotion.message
    assert origin.subjects(f"kargo/promotion/{promotion.name}") == ["Use v2", "Start"]
    assert origin.subjects() == ["Start"]


def test_git_push_of_a_tag(fate: Fate, origin: Origin, url: str) -> None:
    tag = step("git-tag", path="src", tag="v2", message="Two")

    promotion = fate.promoted(clone(url), tag, step("git-push", path="src", tag="v2"))

    assert promotion.phase == "Succeeded", promotion.message
    assert git("tag", "--list", cwd=origin.path) == "v2"
    assert git("rev-parse", "v2^{commit}", cwd=origin.path) == origin.branch("main")


def test_git_clone_creates_a_branch_once(fate: Fate, origin: Origin, url: str) -> None:
    promotion = fate.promoted(clone(url, branch="env/test", create=True))

    assert promotion.phase == "Succeeded", promotion.message
    assert origin.subjects("env/test") == ["Initial commit"]
