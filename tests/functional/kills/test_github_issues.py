"""What steps do to GitHub's issues is done once, whenever their worker dies."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from common.jsontypes import JSONValue, as_list, as_object, as_text
from promotions.models import Freight, Promotion
from tests.fakes.github_issues import new_item
from tests.fakes.github_site import TOKEN, GitHubSite, running_site
from tests.functional.domain.people import step
from tests.functional.domain.world import World
from tests.functional.kills.fate import Fate, secret
from tests.functional.kills.proxy import Effect

pytestmark = [pytest.mark.slow, pytest.mark.sqlite_suffices]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[GitHubSite]:
    """A GitHub with an issue, which has a comment."""
    with running_site(tmp_path) as running:
        issue = new_item(running.github, running.repository, "Old", kind="issues")
        issue["labels"] = [{"name": "env-test"}]
        running.repository.comments[1000] = {
            "id": 1000,
            "body": "first",
            "issue": 1,
            "html_url": "",
        }
        yield running


def survived(
    fate: Fate, site: GitHubSite, effect: Effect, kind: str, **config: JSONValue
) -> Promotion:
    """Promote with one step, whose worker dies when the effect is asked for."""
    with fate.watching(site.server.url, effect) as proxy:
        url = f"{proxy.url}/{site.repository.full_name}.git"

        def admit(world: World) -> None:
            secret(world, "github", repoURL=url, username="octo", password=TOKEN)

        promotion = fate.promoted(step(kind, "it", repoURL=url, **config), given=admit)
    assert promotion.phase == "Succeeded", promotion.message
    return promotion


def comments(site: GitHubSite) -> dict[int, str]:
    """Return the first line of each comment."""
    found = site.repository.comments.items()
    return {number: as_text(it["body"]).partition("\n")[0] for number, it in found}


def test_gh_create_issue(fate: Fate, site: GitHubSite) -> None:
    effect = Effect("POST", r"/issues$")

    promotion = survived(fate, site, effect, "gh-create-issue", title="Release", body="v2")

    assert [it["title"] for it in site.repository.items.values()] == ["Old", "Release"]
    assert promotion.state["it"]["number"] == 2
    metadata = Freight.objects.get(pk=promotion.freight_id).metadata
    assert metadata == {"github-issue-number": 2}


def test_gh_update_issue(fate: Fate, site: GitHubSite) -> None:
    effect = Effect("PATCH", r"/issues/1$")

    survived(
        fate,
        site,
        effect,
        "gh-update-issue",
        issueNumber=1,
        title="New",
        state="closed",
        addLabels=["released"],
        removeLabels=["env-test"],
    )

    issue = site.repository.items[1]
    labels = [as_object(it)["name"] for it in as_list(issue["labels"])]
    assert (issue["title"], issue["state"], labels) == ("New", "closed", ["released"])


def test_gh_issue_add_comment(fate: Fate, site: GitHubSite) -> None:
    effect = Effect("POST", r"/issues/1/comments$")

    promotion = survived(fate, site, effect, "gh-issue-add-comment", issueNumber=1, body="hello")

    assert comments(site) == {1000: "first", 1001: "hello"}
    assert promotion.state["it"]["commentID"] == 1001


def test_gh_issue_update_comment(fate: Fate, site: GitHubSite) -> None:
    effect = Effect("PATCH", r"/comments/1000$")

    survived(fate, site, effect, "gh-issue-update-comment", commentID=1000, body="second")

    assert comments(site) == {1000: "second"}


def test_gh_issue_delete_comment(fate: Fate, site: GitHubSite) -> None:
    effect = Effect("DELETE", r"/comments/1000$")

    survived(fate, site, effect, "gh-issue-delete-comment", commentID=1000)

    assert comments(site) == {}
