"""What people do from pages, with nothing but forms."""

import pytest
from django.test import Client
from django.urls import reverse

from projects.models import Change
from promotions.models import Promotion, StageFreight
from rbac.models import AuditEvent
from tests.factories.people import make_admin, make_viewer
from tests.functional.portal.scenes import Scene, ordinary

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return ordinary()


@pytest.fixture
def alice(client: Client, scene: Scene) -> Client:
    client.force_login(make_admin(scene.project))
    return client


def test_promoting_queues_a_promotion_and_leads_to_it(alice: Client, scene: Scene) -> None:
    freight = scene.freight[0]

    response = alice.post(
        reverse("portal:promote-stage", args=["shop", "test"]), {"freight": freight.name}
    )

    promotion = Promotion.objects.filter(stage=scene.stages["test"]).order_by("-pk")[0]
    assert response["Location"] == reverse("portal:promotion", args=["shop", promotion.name])
    assert promotion.freight == freight
    assert Change.objects.filter(kind="Promotion", name=promotion.name).exists()


def test_promoting_what_is_not_available_says_why_and_makes_nothing(
    alice: Client, scene: Scene
) -> None:
    before = Promotion.objects.count()

    response = alice.post(
        reverse("portal:promote-stage", args=["shop", "prod"]),
        {"freight": scene.freight[2].name},
        follow=True,
    )

    assert "not yet verified in uat" in response.content.decode()
    assert Promotion.objects.count() == before


def test_promoting_without_a_choice_asks_for_one(alice: Client) -> None:
    response = alice.post(reverse("portal:promote-stage", args=["shop", "test"]), follow=True)

    assert b"Choose the freight" in response.content


def test_aborting_ends_the_promotion_and_keeps_the_reason(alice: Client, scene: Scene) -> None:
    running = scene.promotions[-1]

    alice.post(
        reverse("portal:abort-promotion", args=["shop", running.name]), {"reason": "wrong tag"}
    )

    running.refresh_from_db()
    assert running.phase == "Aborted"
    assert AuditEvent.objects.get(action="promotion.abort").reason == "wrong tag"


def test_refreshing_leads_back_to_where_the_button_was(alice: Client, scene: Scene) -> None:
    pipeline = reverse("portal:project", args=["shop"])

    warehouse = alice.post(
        reverse("portal:refresh-warehouse", args=["shop", "main"]), {"next": pipeline}
    )
    stage = alice.post(reverse("portal:refresh-stage", args=["shop", "uat"]))

    scene.warehouse.refresh_from_db()
    assert scene.warehouse.refresh_token
    assert warehouse["Location"] == pipeline
    assert stage["Location"] == reverse("portal:stage", args=["shop", "uat"])


def test_a_form_cannot_lead_to_another_site(alice: Client) -> None:
    response = alice.post(
        reverse("portal:refresh-stage", args=["shop", "uat"]), {"next": "https://evil.example"}
    )

    assert response["Location"].startswith("/projects/shop")


def test_approving_lets_a_stage_take_freight_that_is_not_verified(
    alice: Client, scene: Scene
) -> None:
    freight = scene.freight[2]

    alice.post(reverse("portal:approve-freight", args=["shop", freight.name]), {"stage": "prod"})

    standing = StageFreight.objects.get(stage=scene.stages["prod"], freight=freight)
    assert standing.approved_at is not None


def test_a_viewer_sees_no_buttons_and_may_not_act(client: Client, scene: Scene) -> None:
    client.force_login(make_viewer(scene.project))
    stage = client.get(reverse("portal:stage", args=["shop", "test"])).content.decode()

    promoted = client.post(
        reverse("portal:promote-stage", args=["shop", "test"]), {"freight": scene.freight[0].name}
    )
    aborted = client.post(
        reverse("portal:abort-promotion", args=["shop", scene.promotions[-1].name])
    )

    assert "may look, but not promote" in stage
    assert promoted.status_code == 403
    assert aborted.status_code == 403


def test_acts_need_the_token_of_the_form(scene: Scene) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make_admin(scene.project))

    response = strict.post(reverse("portal:refresh-stage", args=["shop", "uat"]))

    assert response.status_code == 403
