"""The page of a Stage that promotes to targets."""

import pytest
from django.test import Client
from django.urls import reverse

from promotions.engine.phases import PromotionPhase
from promotions.models import PromotionRequest, RequestTarget, Stage
from tests.factories.domain import NOON, make_promotion
from tests.factories.people import make_admin, make_viewer
from tests.functional.portal.scenes import Scene, ordinary

pytestmark = pytest.mark.django_db

OUTCOMES = (
    ("eu-1", "1", PromotionPhase.SUCCEEDED),
    ("eu-2", "1", PromotionPhase.FAILED),
    ("us-1", "2", PromotionPhase.RUNNING),
    ("us-2", "2", None),
)


@pytest.fixture
def scene() -> Scene:
    return ordinary()


@pytest.fixture
def request_(scene: Scene) -> PromotionRequest:
    """A request of ``prod`` under way, with four targets in two waves."""
    stage, freight = scene.stages["prod"], scene.freight[0]
    request = PromotionRequest.objects.create(
        project=scene.project,
        stage=stage,
        freight=freight,
        name="prod.01kt1mn1p0000000000000000z.abcdef0",
        phase="Running",
        message='wave 2 ("2") of 2: 0 of 2 targets ended',
        actor="email:alice@example.com",
        policy={"failureBudget": "25%", "maxParallel": 3, "pauseBetweenWaves": "10m"},
        started_at=NOON,
    )
    Stage.objects.filter(pk=stage.pk).update(
        spec={**stage.spec, "targets": {"selectors": [{}]}}, current_request=request
    )
    for name, wave, phase in OUTCOMES:
        promotion = None
        if phase is not None:
            said = "the cluster is on fire" if phase is PromotionPhase.FAILED else ""
            promotion = make_promotion(
                stage, freight, phase=phase, request=request, target_name=name, message=said
            )
        RequestTarget.objects.create(request=request, name=name, wave=wave, promotion=promotion)
    return request


def page(client: Client) -> str:
    return client.get(reverse("portal:stage", args=["shop", "prod"])).content.decode()


@pytest.fixture
def alice(client: Client, scene: Scene) -> Client:
    client.force_login(make_admin(scene.project))
    return client


def test_a_stage_shows_its_targets_wave_by_wave(alice: Client, request_: PromotionRequest) -> None:
    shown = page(alice)

    assert shown.index("eu-1") < shown.index("eu-2") < shown.index("us-1") < shown.index("us-2")
    assert "the cluster is on fire" in shown
    assert "at most 3 at once, 25% may fail, then stop" in shown
    assert "Not begun" in shown
    child = request_.promotions.get(target_name="us-1")
    assert reverse("portal:promotion", args=["shop", child.name]) in shown


def test_a_stage_without_targets_has_no_such_part(alice: Client) -> None:
    assert 'id="targets"' not in page(alice)


@pytest.mark.usefixtures("request_")
def test_a_viewer_is_offered_neither_abort_nor_retry(client: Client, scene: Scene) -> None:
    client.force_login(make_viewer(scene.project))

    shown = page(client)

    assert 'id="targets"' in shown
    assert "Abort the request" not in shown
    assert "Retry what did not succeed" not in shown


def test_aborting_a_request_from_the_page(alice: Client, request_: PromotionRequest) -> None:
    address = reverse("portal:abort-promotion-request", args=["shop", request_.name])

    response = alice.post(address, {"reason": "wrong build"}, follow=True)

    request_.refresh_from_db()
    assert "The promotion request is aborted" in response.content.decode()
    assert request_.aborted_by == "email:alice@example.com"
    assert request_.promotions.get(target_name="us-1").phase == "Aborted"


def test_retrying_what_did_not_succeed_from_the_page(
    alice: Client, request_: PromotionRequest
) -> None:
    PromotionRequest.objects.filter(pk=request_.pk).update(phase="Failed", finished_at=NOON)
    address = reverse("portal:retry-promotion-request", args=["shop", request_.name])
    assert address in page(alice)

    response = alice.post(address, follow=True)

    assert "The targets that did not succeed no longer exist" in response.content.decode()
