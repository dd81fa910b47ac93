"""What a waiting step shows on its promotion's page, and answering it with nothing but forms."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from promotions.models import Promotion, PromotionPrompt, PromotionResponse, StepExecution
from tests.factories.domain import NOON
from tests.factories.people import make_promoter, make_stranger, make_viewer
from tests.functional.portal.scenes import Scene, ordinary

pytestmark = pytest.mark.django_db

FORM = {
    "type": "object",
    "required": ["version"],
    "properties": {
        "version": {"type": "string", "pattern": "^v[0-9]+$", "description": "Which release?"},
        "count": {"type": "integer"},
        "risk": {"enum": ["low", "high"]},
        "urgent": {"type": "boolean"},
    },
}


@pytest.fixture
def scene() -> Scene:
    return ordinary()


def asking(scene: Scene, kind: str = "wait-for-approval", **config: Any) -> Promotion:
    """Let the running promotion's second step ask people."""
    promotion = scene.promotions[-1]
    promotion.spec["steps"] = [
        {"uses": "compose-output", "as": "out", "config": {"one": 1}},
        {"uses": kind, "as": "ask"},
    ]
    promotion.current_step = 1
    promotion.save(update_fields=["spec", "current_step"])
    StepExecution.objects.filter(promotion=promotion, index=1).delete()
    StepExecution.objects.create(
        promotion=promotion, index=1, alias="ask", kind=kind, status="Running", started_at=NOON
    )
    PromotionPrompt.objects.create(
        promotion=promotion, alias="ask", kind=kind, config=config, asked_at=NOON
    )
    return promotion


def page(client: Client, promotion: Promotion) -> str:
    return client.get(reverse("portal:promotion", args=["shop", promotion.name])).content.decode()


def post(client: Client, promotion: Promotion, **fields: str) -> Any:
    address = reverse("portal:respond-to-promotion", args=["shop", promotion.name, "ask"])
    return client.post(address, fields)


def test_the_page_says_who_may_answer_and_what_is_missing(client: Client, scene: Scene) -> None:
    rules = [
        {"role": "kargo-promoter", "required": True},
        {"claim": "groups", "value": "leads"},
    ]
    promotion = asking(scene, minApprovals=2, approvers=rules)
    client.force_login(make_viewer(scene.project))

    seen = page(client, promotion)

    assert "role kargo-promoter (required) or groups leads" in seen
    assert "0 of 2 have approved. Somebody with role kargo-promoter must approve." in seen
    assert "You may look, but this step asks others." in seen
    assert 'value="approve"' not in seen


def test_a_button_approves_and_the_page_shows_who_did(client: Client, scene: Scene) -> None:
    promotion = asking(scene, minApprovals=2)
    client.force_login(make_viewer(scene.project))

    response = post(client, promotion, action="approve", message="fine <b>by me</b>")
    seen = page(client, promotion)

    assert response["Location"] == reverse("portal:promotion", args=["shop", promotion.name])
    assert PromotionResponse.objects.get().message == "fine <b>by me</b>"
    assert "by bob@example.com" in seen
    assert "fine &lt;b&gt;by me&lt;/b&gt;" in seen
    assert "1 of 2 have approved." in seen
    assert "You have approved. You may still reject." in seen
    assert 'value="approve"' not in seen
    assert 'value="reject"' in seen


def test_an_answer_that_is_refused_says_why(client: Client, scene: Scene) -> None:
    promotion = asking(scene, approvers=[{"role": "kargo-promoter"}])
    client.force_login(make_viewer(scene.project))

    address = reverse("portal:respond-to-promotion", args=["shop", promotion.name, "ask"])
    response = client.post(address, {"action": "approve"}, follow=True)

    assert "asks only: role kargo-promoter" in response.content.decode()
    assert not PromotionResponse.objects.exists()


def test_a_form_has_the_schemas_fields(client: Client, scene: Scene) -> None:
    promotion = asking(scene, "get-user-input", schema=FORM, display="For the release <1>")
    client.force_login(make_promoter(scene.project))

    seen = page(client, promotion)

    assert "For the release &lt;1&gt;" in seen
    assert 'type="text"' in seen
    assert "Which release?" in seen
    assert 'type="number"' in seen
    assert "<option" in seen
    assert 'type="checkbox"' in seen


def test_what_does_not_fit_is_shown_again_where_it_was_written(
    client: Client, scene: Scene
) -> None:
    promotion = asking(scene, "get-user-input", schema=FORM)
    client.force_login(make_promoter(scene.project))
    wrong = {"value-0": "7", "value-1": "3", "value-2": '"high"', "value-3": "true"}

    response = post(client, promotion, action="submit", **wrong)
    seen = response.content.decode()

    assert response.status_code == 200
    assert "Does not match pattern &#x27;^v[0-9]+$&#x27;" in seen
    assert 'id="problem-value-0"' in seen
    assert 'value="7"' in seen
    assert 'value="3"' in seen
    assert "selected" in seen
    assert "checked" in seen
    assert not PromotionResponse.objects.exists()


def test_a_form_that_fits_is_taken(client: Client, scene: Scene) -> None:
    promotion = asking(scene, "get-user-input", schema=FORM)
    client.force_login(make_promoter(scene.project))
    right = {"value-0": "v7", "value-1": "", "value-2": "", "value-3": "true"}

    response = post(client, promotion, action="submit", **right)

    assert response.status_code == 302
    assert PromotionResponse.objects.get().values == {"version": "v7", "urgent": True}
    assert "Answered" in page(client, promotion)


@pytest.mark.parametrize("fields", [{}, {"action": "maybe"}, {"action": "submit"}])
def test_an_answer_that_is_none_is_refused_on_the_page(
    client: Client, scene: Scene, fields: dict[str, str]
) -> None:
    promotion = asking(scene)
    client.force_login(make_viewer(scene.project))

    response = post(client, promotion, **fields)

    assert response.status_code == 200
    assert 'role="alert"' in response.content.decode()


def test_a_step_that_has_asked_nothing_is_not_there(client: Client, scene: Scene) -> None:
    client.force_login(make_viewer(scene.project))

    assert post(client, scene.promotions[-1], action="approve").status_code == 404


def test_strangers_find_nothing(client: Client, scene: Scene) -> None:
    promotion = asking(scene)
    client.force_login(make_stranger())

    assert post(client, promotion, action="approve").status_code == 404


def test_prompts_cost_no_queries_for_promotions_without_any(
    client: Client, scene: Scene, django_assert_max_num_queries: Any
) -> None:
    client.force_login(make_viewer(scene.project))
    page(client, scene.promotions[0])

    with django_assert_max_num_queries(13):
        page(client, scene.promotions[0])


def test_queries_do_not_grow_with_answers(
    client: Client, scene: Scene, django_assert_num_queries: Any
) -> None:
    promotion = asking(scene, minApprovals=100)
    client.force_login(make_viewer(scene.project))
    page(client, promotion)
    with django_assert_num_queries(18):
        page(client, promotion)
    for number in range(30):
        PromotionResponse.objects.create(
            prompt=PromotionPrompt.objects.get(),
            user=f"user{number}",
            user_uid=f"00000000-0000-0000-0000-{number:012}",
            action="approve",
            at=NOON,
        )

    with django_assert_num_queries(18):
        page(client, promotion)
