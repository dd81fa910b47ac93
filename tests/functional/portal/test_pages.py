"""Every page of the portal says what it should, whole and as a fragment."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories.people import make_admin, make_operator
from tests.functional.portal.scenes import Scene, failing, ordinary

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return ordinary()


@pytest.fixture
def alice(client: Client, scene: Scene) -> Client:
    client.force_login(make_admin(scene.project))
    return client


def _addresses(scene: Scene) -> list[str]:
    name = scene.project.name
    return [
        reverse("portal:home"),
        reverse("portal:project-list"),
        reverse("portal:project", args=[name]),
        reverse("portal:freight-list", args=[name]),
        reverse("portal:freight", args=[name, scene.freight[0].name]),
        reverse("portal:stage", args=[name, "uat"]),
        reverse("portal:stage-card", args=[name, "uat"]),
        reverse("portal:promote-form", args=[name, "uat"]),
        reverse("portal:warehouse", args=[name, "main"]),
        reverse("portal:warehouse-card", args=[name, "main"]),
        reverse("portal:promotion-list", args=[name]),
        reverse("portal:promotion", args=[name, scene.promotions[0].name]),
    ]


def test_every_page_answers_whole_and_as_a_fragment(alice: Client, scene: Scene) -> None:
    for address in _addresses(scene):
        whole = alice.get(address)
        fragment = alice.get(address, headers={"HX-Request": "true"})

        assert whole.status_code == 200, address
        assert fragment.status_code == 200, address
        assert b"<html" not in fragment.content
        assert "HX-Request" in whole["Vary"]


def test_no_page_holds_script_or_style_that_the_policy_forbids(alice: Client, scene: Scene) -> None:
    for address in _addresses(scene):
        html = alice.get(address).content.decode()

        assert " style=" not in html
        assert "<style" not in html
        assert " onclick=" not in html
        assert "<script>" not in html


def test_the_pipeline_shows_every_stage_with_what_it_holds(alice: Client, scene: Scene) -> None:
    html = alice.get(reverse("portal:project", args=["shop"])).content.decode()

    for stage in ("test", "uat", "prod"):
        assert f'id="stage-{stage}"' in html
    for freight in scene.freight:
        assert freight.alias in html
    assert "Promoting" in html
    assert "1 queued" in html


def test_a_failing_project_says_why_in_words(client: Client) -> None:
    failing()
    client.force_login(make_operator())

    for address in (reverse("portal:project", args=["broken"]), reverse("portal:home")):
        html = client.get(address).content.decode()

        assert "was not found; check its address" in html
        assert "the branch env/test is protected" in html


def test_a_promotion_shows_its_steps_and_opens_the_failed_one(client: Client) -> None:
    scene = failing()
    client.force_login(make_operator())

    html = client.get(
        reverse("portal:promotion", args=["broken", scene.promotions[0].name])
    ).content.decode()

    assert 'id="step-1" open' in html
    assert "git-clone" in html
    assert "Not run" in html
    assert "840 ms" in html


def test_freight_is_found_by_its_alias(alice: Client, scene: Scene) -> None:
    response = alice.get(reverse("portal:freight", args=["shop", scene.freight[2].alias]))

    assert scene.freight[2].name in response.content.decode()


def test_a_stage_page_says_why_freight_may_not_come(alice: Client, scene: Scene) -> None:
    html = alice.get(reverse("portal:stage", args=["shop", "prod"])).content.decode()

    assert "not yet verified in uat" in html


def test_what_does_not_exist_is_not_found(alice: Client, scene: Scene) -> None:
    for address in (
        "/projects/nowhere",
        "/projects/shop/stages/nowhere",
        "/projects/shop/warehouses/nowhere",
        "/projects/shop/freight/nowhere",
        "/projects/shop/promotions/nowhere",
    ):
        assert alice.get(address).status_code == 404, address


def test_an_empty_installation_teaches_the_next_step(client: Client) -> None:
    client.force_login(make_operator())

    for name in ("portal:home", "portal:project-list"):
        assert b"manage.py apply -f" in client.get(reverse(name)).content


def test_the_list_of_projects_counts_what_is_healthy_and_can_be_searched(
    alice: Client, scene: Scene
) -> None:
    found = alice.get(reverse("portal:project-list"), {"q": "sho"}).content.decode()
    missed = alice.get(reverse("portal:project-list"), {"q": "zzz"}).content.decode()

    assert "3 / 3" in found
    assert "No project has" in missed


def test_a_card_fetched_for_another_generation_asks_for_the_whole_graph(
    alice: Client, scene: Scene
) -> None:
    address = reverse("portal:stage-card", args=["shop", "uat"])

    assert "HX-Trigger" not in alice.get(f"{address}?generation=1")
    assert alice.get(f"{address}?generation=7")["HX-Trigger"] == "shape"
