"""A push through GitHub's API survives the death of its worker: the branch moves once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from common.jsontypes import JSONObject
from tests.fakes.github_site import TOKEN, GitHubSite, running_site
from tests.functional.domain.people import step
from tests.functional.domain.world import World
from tests.functional.kills.conftest import DEATHS
from tests.functional.kills.fate import Fate, secret
from tests.functional.kills.mortal import Moment
from tests.functional.kills.proxy import Effect

pytestmark = [pytest.mark.slow, pytest.mark.sqlite_suffices]

STAGING = Effect("POST", r"/git-receive-pack$")
COMMITTING = Effect("POST", r"/git/commits$")
MOVING = Effect("PATCH", r"/git/refs/heads/")
CREATING = Effect("POST", r"/git/refs$")
EARLIER = [it for it in DEATHS if Moment.AFTER.value not in str(it.id)]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[GitHubSite]:
    with running_site(tmp_path, has_git=True) as running:
        yield running


def survived(fate: Fate, site: GitHubSite, effect: Effect, push: JSONObject) -> str:
    """Push a change with two workers, and return the promotion's name."""
    with fate.watching(site.server.url, effect) as proxy:
        url = f"{proxy.url}/{site.repository.full_name}.git"

        def admit(world: World) -> None:
            secret(world, "github", repoURL=url, username="octo", password=TOKEN)

        promotion = fate.promoted(
            step("git-clone", repoURL=url, checkout=[{"branch": "main", "path": "src"}]),
            step("yaml-update", path="src/values.yaml", updates=[{"key": "tag", "value": "v2"}]),
            step("git-commit", path="src", message="Use v2"),
            step("github-push", **push),
            given=admit,
        )
    assert promotion.phase == "Succeeded", promotion.message
    assert promotion.state["github-push"]["commit"] in site.repository.git("rev-list", "--all")
    return promotion.name


def refs(site: GitHubSite) -> list[str]:
    return site.repository.git("for-each-ref", "--format=%(refname)").splitlines()


def test_github_push(fate: Fate, site: GitHubSite) -> None:
    survived(fate, site, MOVING, {"path": "src"})

    assert site.repository.origin.subjects() == ["Use v2", "Start"]
    assert refs(site) == ["refs/heads/main"]


@pytest.mark.parametrize("fate", EARLIER, indirect=True)
@pytest.mark.parametrize("effect", [STAGING, COMMITTING], ids=["staging", "committing"])
def test_what_happens_before_the_branch_moves(fate: Fate, site: GitHubSite, effect: Effect) -> None:
    survived(fate, site, effect, {"path": "src"})

    assert site.repository.origin.subjects() == ["Use v2", "Start"]
    assert refs(site) == ["refs/heads/main"]


def test_github_push_to_a_generated_branch(fate: Fate, site: GitHubSite) -> None:
    name = survived(fate, site, CREATING, {"path": "src", "generateTargetBranch": True})

    branch = f"kargo/promotion/{name}"
    assert site.repository.origin.subjects(branch) == ["Use v2", "Start"]
    assert refs(site) == [f"refs/heads/{branch}", "refs/heads/main"]
