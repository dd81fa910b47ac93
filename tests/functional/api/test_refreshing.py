"""Asking to look again, and waiting until that is done as the command line does."""

import pytest
from django.test import Client

from promotions.engine.phases import PromotionPhase
from promotions.models import Work, WorkKind
from promotions.services.promotions import refresh_promotion
from tests.factories.domain import make_promotion
from tests.factories.people import actor_of
from tests.factories.rich import Rich, make_rich
from tests.functional.api.conftest import Scene

P, S = "/v1beta1/projects/demo", "/v1beta1/system"
REFRESH = "kargo.akuity.io/refresh"


@pytest.fixture
def rich(db: None) -> Rich:
    return make_rich()


@pytest.mark.parametrize("path", [f"{P}/config", f"{S}/cluster-config"])
def test_a_configuration_is_looked_at_again_at_once(
    operator: Client, rich: Rich, path: str
) -> None:
    before = operator.get(path).json()["metadata"]

    answer = operator.post(f"{path}/refresh")

    after = operator.get(path).json()
    token = after["metadata"]["annotations"][REFRESH]
    assert (answer.status_code, answer.content) == (200, b"")
    assert token != before["annotations"][REFRESH]
    assert after["status"]["lastHandledRefresh"] == token
    assert int(after["metadata"]["resourceVersion"]) > int(before["resourceVersion"])


@pytest.mark.parametrize("path", [f"{P}/config", f"{S}/cluster-config"])
def test_a_configuration_that_is_not_there_is_not_found(
    operator: Client, scene: Scene, path: str
) -> None:
    assert operator.get(path).status_code == 404
    assert operator.post(f"{path}/refresh").status_code == 404
    assert operator.delete(path).status_code == 404


def test_the_command_line_finds_the_configuration_where_it_watches(
    operator: Client, rich: Rich
) -> None:
    assert operator.get("/v1beta1/cluster-config").json()["metadata"]["name"] == "cluster"


def test_a_promotion_is_looked_at_again(bob: Client, scene: Scene) -> None:
    path = f"{P}/promotions/{scene.promotion.name}"

    assert bob.post(f"{path}/refresh").status_code == 200

    assert REFRESH in bob.get(path).json()["metadata"]["annotations"]
    assert bob.post(f"{P}/promotions/nowhere/refresh").status_code == 404


def test_a_promotion_that_has_ended_needs_no_second_look(scene: Scene) -> None:
    ended = make_promotion(scene.test, scene.old, phase=PromotionPhase.SUCCEEDED)

    refresh_promotion(ended, actor=actor_of(scene.project), now=scene.project.created_at)

    ended.refresh_from_db()
    assert ended.handled_refresh == ended.refresh_token != ""


def test_a_stage_has_what_it_runs_looked_at_too(bob: Client, scene: Scene) -> None:
    scene.test.current_promotion = scene.promotion
    scene.test.save(update_fields=["current_promotion"])
    work = Work.objects.create(
        kind=WorkKind.PROMOTION,
        uid=scene.promotion.uid,
        tenant_uid=scene.project.tenant.uid,
        shard="default",
    )

    bob.post(f"{P}/stages/test/refresh")

    work.refresh_from_db()
    assert work.due_at is not None
