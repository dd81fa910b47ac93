"""A workflow is started once, whenever the worker dies and however GitHub shows its runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from promotions.models import Promotion
from tests.fakes.github_actions import add_workflow, start
from tests.fakes.github_site import TOKEN, GitHubSite, running_site
from tests.functional.domain.people import step
from tests.functional.domain.world import World
from tests.functional.kills.fate import Fate, secret
from tests.functional.kills.proxy import Effect

pytestmark = [pytest.mark.slow, pytest.mark.sqlite_suffices]

DISPATCH = Effect("POST", r"/deploy\.yml/dispatches$")
PLAIN_DISPATCH = Effect("POST", r"/deploy\.yml/dispatches$", rb"^(?!.*return_run_details)")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[GitHubSite]:
    """A GitHub where the workflow has run before."""
    with running_site(tmp_path, has_git=True) as running:
        start(running.repository, "deploy.yml", ref="main", actor="octo")
        yield running


def survived(fate: Fate, site: GitHubSite, effect: Effect = DISPATCH) -> Promotion:
    """Promote with one step, whose worker dies when the workflow is to be started."""
    with fate.watching(site.server.url, effect) as proxy:
        url = f"{proxy.url}/{site.repository.full_name}.git"

        def admit(world: World) -> None:
            secret(world, "github", repoURL=url, username="octo", password=TOKEN)

        dispatch = step(
            "gha-dispatch-workflow", "run", repoURL=url, workflowFile="deploy.yml", ref="main"
        )
        promotion = fate.promoted(dispatch, given=admit)
    assert promotion.phase == "Succeeded", promotion.message
    return promotion


@pytest.mark.parametrize("lag", [0, 3], ids=["at-once", "late"])
def test_gha_dispatch_workflow(fate: Fate, site: GitHubSite, lag: int) -> None:
    add_workflow(site.repository, "deploy.yml", lag=lag)

    promotion = survived(fate, site)

    _, run = site.repository.runs
    assert promotion.state["run"] == {"runID": run}


def test_a_server_that_does_not_name_its_runs(fate: Fate, site: GitHubSite) -> None:
    add_workflow(site.repository, "deploy.yml", modern=False, lag=1)

    promotion = survived(fate, site, PLAIN_DISPATCH)

    _, run = site.repository.runs
    assert promotion.state["run"] == {"runID": run}
