import json
from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from promotions.engine.phases import PromotionPhase
from promotions.manifests.stage import to_manifest
from promotions.manifests.stage_status import with_status
from promotions.models import Freight, Promotion, Stage, StageFreight, Warehouse, Work
from promotions.services.projects import delete_project
from promotions.services.stages import delete_stage, refresh_stage
from rbac.actors import controller
from tests.factories.domain import (
    NOON,
    hold_freight,
    make_freight,
    make_promotion,
    make_stage,
    make_standing,
)
from tests.integration.manifests.support import (
    ALICE,
    PROJECT,
    STAGE,
    WAREHOUSE,
    apply_well,
    changed,
)

pytestmark = pytest.mark.django_db

REVERIFY = "kargo.akuity.io/reverify"


@pytest.fixture
def stage() -> Stage:
    apply_well(PROJECT, WAREHOUSE, STAGE)
    return Stage.objects.select_related("project__tenant").get()


def annotate(text: str, *, as_system: bool = False) -> Stage:
    actor = controller("stage-controller") if as_system else ALICE
    apply_well(changed(STAGE, metadata__annotations={REVERIFY: text}), actor=actor)
    return Stage.objects.get()


def test_a_plain_reverify_request_names_who_asked(stage: Stage) -> None:
    stored = annotate("some-id")

    assert stored.reverify_request == {
        "id": "some-id",
        "actor": ALICE.name,
        "controlPlane": False,
    }
    assert stored.annotations == {}
    shown = to_manifest(stored)["metadata"]["annotations"][REVERIFY]
    assert json.loads(shown) == {"id": "some-id", "actor": ALICE.name}


def test_an_actor_that_a_person_claims_is_replaced(stage: Stage) -> None:
    stored = annotate('{"id":"x","actor":"email:boss@example.com","controlPlane":true}')

    assert stored.reverify_request == {"id": "x", "actor": ALICE.name, "controlPlane": False}


def test_the_platform_keeps_the_actor_that_it_names(stage: Stage) -> None:
    stored = annotate('{"id":"x","actor":"email:boss@example.com"}', as_system=True)

    assert stored.reverify_request == {
        "id": "x",
        "actor": "email:boss@example.com",
        "controlPlane": True,
    }


@pytest.mark.parametrize("text", ["", "{}", '{"actor":"x"}'])
def test_a_request_without_an_id_is_left_alone(stage: Stage, text: str) -> None:
    assert annotate(text).reverify_request is None


def test_a_request_that_has_not_changed_stays_who_made_it(stage: Stage) -> None:
    shown = to_manifest(annotate("some-id"))["metadata"]["annotations"][REVERIFY]

    stored = annotate(shown, as_system=True)

    assert stored.reverify_request == {
        "id": "some-id",
        "actor": ALICE.name,
        "controlPlane": False,
    }


def test_deleting_a_stage_forgets_verification_but_not_presence(stage: Stage) -> None:
    freight = make_freight(Warehouse.objects.get())
    make_standing(stage, freight, verified_at=NOON, approved_at=NOON, current_since=NOON)

    delete_stage(stage, actor=ALICE, now=NOON)

    standing = StageFreight.objects.get()
    assert (standing.verified_at, standing.approved_at) == (None, None)
    assert standing.current_since == NOON
    assert not Stage.objects.exists()
    assert Stage.everything.count() == 1


def test_deleting_a_stage_aborts_what_it_runs_and_closes_its_work(stage: Stage) -> None:
    make_promotion(stage, make_freight(Warehouse.objects.get()))

    delete_stage(stage, actor=ALICE, now=NOON + timedelta(days=1))

    assert Promotion.everything.get().phase == "Aborted"
    assert not Promotion.objects.exists()
    assert not Work.objects.filter(uid=stage.uid).exists()


def test_deleting_a_project_deletes_everything_in_it(stage: Stage) -> None:
    make_freight(Warehouse.objects.get())

    delete_project(stage.project, actor=ALICE, now=NOON)

    for model in (Stage, Warehouse, Freight):
        assert not model.objects.exists()
        assert model.everything.count() == 1


def test_a_refresh_is_due_at_once_and_shows_in_the_manifest(stage: Stage) -> None:
    Work.objects.update(due_at=None)

    refresh_stage(stage, actor=ALICE, now=NOON)

    assert Work.objects.get(uid=stage.uid).due_at == NOON
    shown = to_manifest(stage)["metadata"]["annotations"]["kargo.akuity.io/refresh"]
    assert shown == NOON.isoformat()


def test_writing_many_stages_costs_no_query_a_stage(
    stage: Stage, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    warehouse = Warehouse.objects.get()
    for number in range(5):
        other = make_stage(stage.project, f"stage-{number}")
        freight = make_freight(warehouse)
        done = make_promotion(other, freight, phase=PromotionPhase.SUCCEEDED)
        hold_freight(other, freight, promotion=done)
        Stage.objects.filter(pk=other.pk).update(last_promotion=done)

    with django_assert_max_num_queries(16):
        written = [to_manifest(it) for it in with_status(Stage.objects.all())]

    assert sum("lastPromotion" in it["status"] for it in written) == 5
