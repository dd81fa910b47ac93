"""Trying a promotion over the API: ``?dryRun=All``, and fetching what came of it."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from common.clock import now
from promotions.models import Preview, Promotion
from promotions.services.previews import finish_preview
from rbac.models import AuditEvent
from tests.functional.api.conftest import Scene

PROMOTE = "/v1beta1/projects/demo/stages/test/promotions?dryRun={}"


@pytest.fixture(autouse=True)
def impatient(settings: Settings) -> None:
    settings.PREVIEW_WAIT_SECONDS = 0.0


def dry_run(client: Client, scene: Scene, *, value: str = "All") -> Any:
    return client.post(
        PROMOTE.format(value), data={"freight": scene.new.name}, content_type="application/json"
    )


def test_a_dry_run_makes_a_preview_and_no_promotion(alice: Client, scene: Scene) -> None:
    before = Promotion.objects.count()

    response = dry_run(alice, scene)

    assert response.status_code == 202
    document = response.json()
    assert (document["kind"], document["stage"]) == ("PromotionPreview", "test")
    assert document["freight"] == scene.new.name
    assert document["result"] is None
    assert Promotion.objects.count() == before
    assert AuditEvent.objects.get(action="promotion.preview").object_name == "test"


def test_a_preview_is_fetched_from_where_the_answer_says(alice: Client, scene: Scene) -> None:
    location = dry_run(alice, scene)["Location"]

    waiting = alice.get(location)
    finish_preview(Preview.objects.get(), result={"effects": ["push main"]}, now=now())
    done = alice.get(location)

    assert waiting.status_code == 202
    assert done.status_code == 200
    assert done.json()["result"] == {"effects": ["push main"]}


def test_another_value_of_dry_run_is_refused(alice: Client, scene: Scene) -> None:
    response = dry_run(alice, scene, value="Some")

    assert response.status_code == 400
    assert "dryRun" in response.json()["error"]
    assert not Preview.objects.exists()


def test_who_may_not_promote_may_not_try_either(bob: Client, scene: Scene) -> None:
    assert dry_run(bob, scene).status_code == 403
    assert not Preview.objects.exists()


def test_strangers_find_neither_the_project_nor_the_preview(
    alice: Client, bob: Client, charlie: Client, scene: Scene
) -> None:
    location = dry_run(alice, scene)["Location"]

    assert dry_run(charlie, scene).status_code == 404
    assert charlie.get(location).status_code == 404
    assert bob.get(location).status_code == 403


def test_a_preview_of_another_stage_is_not_found(alice: Client, scene: Scene) -> None:
    location = dry_run(alice, scene)["Location"].replace("/stages/test/", "/stages/prod/")

    assert alice.get(location).status_code == 404
