"""A pull request that is merged brings forward the promotion that waits for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from common.clock import now
from common.jsontypes import JSONObject
from promotions.models import AwaitedPullRequest, Promotion
from promotions.services.promotions import abort_promotion
from rbac.models import AuditEvent
from tests.factories.domain import make_project, make_tenant
from tests.fakes.git_http_server import GitHTTPServer
from tests.fakes.scm_gitea import GiteaFake
from tests.fakes.scm_repository import HostedRepository
from tests.fakes.scm_server import ApiServer, Site, serving
from tests.functional.domain.people import promoted, step
from tests.functional.domain.world import World
from tests.functional.kills.fate import secret
from tests.functional.webhooks.hooks import ACTOR, Hooks, is_refreshed

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

CLOSED = {"X-Gitea-Event": "pull_request"}


@pytest.fixture
def gitea(tmp_path: Path) -> Iterator[GiteaFake]:
    """A repository with an open pull request, behind a Gitea."""
    (tmp_path / "srv" / "team").mkdir(parents=True)
    fake = GiteaFake(HostedRepository.create(tmp_path / "srv" / "team" / "app.git"))
    fake.repository.commit("change", {"image.txt": "v2\n"}, message="Use v2")
    fake.repository.open("Use v2", "", "change", "main")
    git = GitHTTPServer(tmp_path / "srv", users={"bot": fake.token})
    with serving(Site(ApiServer(fake), git, ("/api/",))) as fake.url:
        yield fake


def _waiting(world: World, gitea: GiteaFake, *before: JSONObject) -> Promotion:
    repository = f"{gitea.url}/team/app.git"
    secret(world, "git", repoURL=repository, username="bot", password=gitea.token)
    waiting = step(
        "git-wait-for-pr",
        "wait",
        repoURL=repository,
        provider="gitea",
        prNumber=1,
        pollInterval="1h",
    )
    promotion = promoted(world, *before, waiting)
    assert promotion.phase == "Running", promotion.message
    return promotion


def _closed(gitea: GiteaFake, number: int = 1) -> JSONObject:
    url = f"{gitea.url}/team/app/pulls/{number}"
    return {"action": "closed", "pull_request": {"html_url": url}}


def test_a_merged_pull_request_lets_its_promotion_go_on(world: World, gitea: GiteaFake) -> None:
    promotion, hooks = _waiting(world, gitea), Hooks(world.project)
    path = hooks.receiver("gitea")
    gitea.repository.merge(gitea.repository.pulls[1], how="merge")

    answer = hooks.send(path, _closed(gitea), CLOSED)
    world.settle()

    promotion.refresh_from_db()
    assert answer.json() == {"msg": "refreshed 1 promotion(s)"}
    assert promotion.phase == "Succeeded", promotion.message
    assert AuditEvent.objects.get(action="promotion.refresh").actor == "webhook-receiver:hook"
    assert not AwaitedPullRequest.objects.exists()


def test_only_who_waits_for_that_pull_request_is_refreshed(world: World, gitea: GiteaFake) -> None:
    promotion, hooks = _waiting(world, gitea), Hooks(world.project)
    path = hooks.receiver("gitea")

    other = hooks.send(path, _closed(gitea, 2), CLOSED)
    opened = hooks.send(path, {**_closed(gitea), "action": "opened"}, CLOSED)

    assert other.json() == {"msg": "refreshed 0 promotion(s)"}
    assert opened.json() == {}
    assert not is_refreshed(promotion)


def test_receivers_elsewhere_do_not_find_the_promotion(world: World, gitea: GiteaFake) -> None:
    promotion = _waiting(world, gitea)
    other = Hooks(make_project("other"))
    stranger = Hooks(make_project("demo", tenant=make_tenant("acme")))

    answers = [it.send(it.receiver("gitea"), _closed(gitea), CLOSED) for it in (other, stranger)]

    assert [it.json() for it in answers] == [{"msg": "refreshed 0 promotion(s)"}] * 2
    assert not is_refreshed(promotion)


def test_a_tenants_receiver_finds_it_and_an_aborted_one_is_found_by_nobody(
    world: World, gitea: GiteaFake
) -> None:
    promotion, hooks = _waiting(world, gitea), Hooks(world.project)
    hooks.secret(namespace="kargo-system-resources")
    hooks.configure_cluster({"name": "hook", "gitea": {"secretRef": {"name": "hook"}}})
    path = hooks.cluster_path()

    found = hooks.send(path, _closed(gitea), CLOSED)
    abort_promotion(promotion, actor=ACTOR, reason="", now=now())
    gone = hooks.send(path, _closed(gitea), CLOSED)

    assert found.json() == {"msg": "refreshed 1 promotion(s)"}
    assert gone.json() == {"msg": "refreshed 0 promotion(s)"}
    assert not AwaitedPullRequest.objects.exists()
