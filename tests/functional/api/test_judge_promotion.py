"""Approving and rejecting promotions that wait for it, through our own API."""

from typing import Any

import pytest
from django.test import Client

from common.clock import now
from common.jsontypes import JSONValue
from projects.models import ProjectConfig
from promotions.api.v1 import list_approvals
from promotions.models import Promotion, PromotionApproval, Stage
from promotions.selectors import approvals
from promotions.selectors.approvals import approval_missing
from promotions.services.promotions import create_promotion
from rbac.models import AuditEvent
from tests.factories.people import actor_of, make_admin, make_promoter
from tests.functional.api.conftest import Scene, client_for

ACTOR = "paula"


def require(scene: Scene, **policy: JSONValue) -> None:
    document = {"stageSelector": {"name": "test"}, **policy}
    ProjectConfig.objects.create(
        project=scene.project,
        name="demo",
        spec={"approvalPolicies": [document]},
        created_at=now(),
        updated_at=now(),
    )


def asked(scene: Scene) -> Promotion:
    """Return a promotion that somebody else asked for, and that waits."""
    Promotion.objects.all().delete()
    stage = Stage.objects.select_related("project__tenant").get(pk=scene.test.pk)
    return create_promotion(stage, scene.new, actor=actor_of(scene.project, name=ACTOR), now=now())


def path(promotion: Promotion, tenant: str = "") -> str:
    start = f"/t/{tenant}/api/v1" if tenant else "/api/v1"
    return f"{start}/projects/demo/promotions/{promotion.name}/approvals"


def post(client: Client, promotion: Promotion, **body: Any) -> Any:
    return client.post(path(promotion), body, content_type="application/json")


@pytest.fixture
def peter(scene: Scene) -> Client:
    return client_for(make_promoter(scene.project))


def test_it_waits_until_enough_people_approve(alice: Client, peter: Client, scene: Scene) -> None:
    require(scene, minApprovals=2)
    promotion = asked(scene)
    before = alice.get(path(promotion, tenant="default")).json()

    first = post(alice, promotion, action="approve", message="fine")
    second = post(peter, promotion, action="approve")

    assert promotion.stage.current_promotion is None
    assert promotion.message == (
        "Waiting for approval: 0 of 2 approvals by whoever may promote to the Stage"
    )
    assert (before["required"], before["approved"], before["approvals"]) == (True, False, 0)
    assert (first.status_code, first.json()["approvals"]) == (201, 1)
    assert second.json()["approved"] is True
    assert approval_missing(promotion, now=now()) is None
    assert AuditEvent.objects.filter(action="promotion.judge").count() == 2


def test_a_rejection_ends_it(alice: Client, scene: Scene) -> None:
    require(scene)
    promotion = asked(scene)

    answer = post(alice, promotion, action="reject", message="not today")

    promotion.refresh_from_db()
    assert answer.json()["rejectedBy"] == "alice@example.com"
    assert promotion.phase == "Aborted"
    assert AuditEvent.objects.get(action="promotion.abort").reason == "rejected: not today"
    assert post(alice, promotion, action="approve").status_code == 409


def test_who_asked_for_it_does_not_approve_it(scene: Scene) -> None:
    require(scene)
    user = make_admin(scene.project, "zoe")
    promotion = asked(scene)
    Promotion.objects.filter(pk=promotion.pk).update(actor_uid=user.uid)

    refused = post(client_for(user), promotion, action="approve")

    assert refused.status_code == 403
    assert "somebody else has to approve it" in refused.json()["error"]


def test_who_put_the_freight_together_does_not_approve_it(scene: Scene) -> None:
    require(scene)
    user = make_admin(scene.project, "zoe")
    type(scene.new).objects.filter(pk=scene.new.pk).update(creator_uid=user.uid)

    assert post(client_for(user), asked(scene), action="approve").status_code == 403


def test_who_may_only_look_does_not_approve(bob: Client, scene: Scene) -> None:
    require(scene)
    promotion = asked(scene)

    assert post(bob, promotion, action="approve").status_code == 403
    assert bob.get(path(promotion)).status_code == 200
    assert PromotionApproval.objects.count() == 0


def test_a_role_that_the_policy_names_is_enough(bob: Client, alice: Client, scene: Scene) -> None:
    require(scene, approvers=[{"role": "kargo-viewer"}])
    promotion = asked(scene)

    assert post(alice, promotion, action="approve").status_code == 403
    assert post(bob, promotion, action="approve").status_code == 201


def test_nobody_approves_twice(alice: Client, scene: Scene) -> None:
    require(scene, minApprovals=2)
    promotion = asked(scene)
    post(alice, promotion, action="approve")

    again = post(alice, promotion, action="approve")

    assert (again.status_code, again.json()["error"]) == (409, "You have approved it already.")


def test_without_a_policy_there_is_nothing_to_approve(alice: Client, scene: Scene) -> None:
    answer = post(alice, scene.promotion, action="approve")

    assert answer.status_code == 409
    assert "need no approval" in answer.json()["error"]
    assert alice.get(path(scene.promotion)).json() == {"required": False, "responses": []}


def test_to_strangers_it_is_not_there(charlie: Client, scene: Scene) -> None:
    require(scene)
    promotion = asked(scene)

    assert post(charlie, promotion, action="approve").status_code == 404
    assert charlie.get(path(promotion)).status_code == 404


@pytest.mark.parametrize("body", [{}, {"action": "submit"}, {"action": 1}])
def test_what_is_no_judgement_is_refused(alice: Client, scene: Scene, body: dict[str, Any]) -> None:
    require(scene)

    assert post(alice, asked(scene), **body).status_code == 400


def test_a_long_message_is_refused(alice: Client, scene: Scene) -> None:
    require(scene)

    assert post(alice, asked(scene), action="approve", message="x" * 3000).status_code == 422


def test_what_waits_in_a_project_is_listed_page_by_page(
    alice: Client, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(approvals, "MOST_PENDING", 1)
    monkeypatch.setattr(list_approvals, "MOST_PENDING", 1)
    require(scene, minApprovals=2)
    promotion = asked(scene)
    listed = "/api/v1/projects/demo/approvals"

    first = alice.get(listed).json()
    rest = alice.get(listed, {"after": first["after"]}).json()
    elsewhere = alice.get(listed, {"stage": "prod"}).json()

    assert [(it["kind"], it["name"], it["stage"]) for it in first["items"]] == [
        ("Promotion", promotion.name, "test")
    ]
    assert (first["items"][0]["approvals"], first["items"][0]["minApprovals"]) == (0, 2)
    assert rest == {"items": [], "after": None}
    assert elsewhere["items"] == []
    assert alice.get(listed, {"stage": "none"}).status_code == 404
