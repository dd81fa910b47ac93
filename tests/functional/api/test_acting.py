"""Actions on what is there: refresh, approve, rename, abort."""

import pytest
from django.test import Client

from promotions.models import StageFreight, Work
from rbac.models import AuditEvent
from tests.factories.domain import make_stage
from tests.functional.api.conftest import Scene

P = "/v1beta1/projects/demo"


@pytest.mark.parametrize("path", ["warehouses/main", "stages/test"])
def test_whoever_may_look_may_ask_to_look_again(bob: Client, scene: Scene, path: str) -> None:
    response = bob.post(f"{P}/{path}/refresh")

    document = bob.get(f"{P}/{path}").json()
    assert (response.status_code, response.content) == (200, b"")
    assert document["metadata"]["annotations"]["kargo.akuity.io/refresh"]
    assert bob.post(f"{P}/{path}-2/refresh").status_code == 404


def test_freight_is_approved_once_and_for_all(alice: Client, scene: Scene) -> None:
    path = f"{P}/freight/{scene.new.alias}/approve?stage=prod"

    first, second = alice.post(path), alice.post(path)

    assert first.status_code == second.status_code == 200
    assert StageFreight.objects.get(stage=scene.prod).approved_at is not None
    assert AuditEvent.objects.filter(action="freight.approve").count() == 1


def test_approving_needs_a_stage_that_asks_for_it(alice: Client, bob: Client, scene: Scene) -> None:
    make_stage(scene.project, "charts", warehouse="charts")
    path = f"{P}/freight/{scene.new.name}/approve"

    assert alice.post(path).status_code == 400
    assert alice.post(f"{path}?stage=charts").status_code == 400
    assert alice.post(f"{path}?stage=nowhere").status_code == 404
    assert alice.post(f"{P}/freight/nowhere/approve?stage=prod").status_code == 404
    assert bob.post(f"{path}?stage=prod").status_code == 403


def test_freight_is_renamed_unless_the_alias_is_taken(
    alice: Client, bob: Client, scene: Scene
) -> None:
    path = f"{P}/freight/{scene.new.name}/alias"

    assert alice.patch(f"{path}?newAlias=loud-lynx").status_code == 200
    assert alice.get(f"{P}/freight/loud-lynx").json()["metadata"]["name"] == scene.new.name
    assert alice.patch(f"{path}?newAlias={scene.old.alias}").status_code == 409
    assert alice.patch(path).status_code == 400
    assert bob.patch(f"{path}?newAlias=x").status_code == 403


def test_aborting_twice_is_as_good_as_once(alice: Client, bob: Client, scene: Scene) -> None:
    path = f"{P}/promotions/{scene.promotion.name}"

    assert bob.post(f"{path}/abort").status_code == 403
    assert alice.post(f"{path}/abort").status_code == 200
    assert alice.post(f"{path}/abort").status_code == 200
    assert alice.get(path).json()["status"]["phase"] == "Aborted"
    assert AuditEvent.objects.filter(action="promotion.abort").count() == 1
    assert not Work.objects.filter(uid=scene.promotion.uid, due_at__isnull=False).exists()


def test_an_unknown_promotion_cannot_be_aborted(alice: Client, scene: Scene) -> None:
    assert alice.post(f"{P}/promotions/nowhere/abort").status_code == 404
