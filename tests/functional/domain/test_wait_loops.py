"""The wait loops of Kargo's command line, with real reconcilers behind the watches.

``refresh --wait`` fails unless the first event has the annotation, and ends once the status says
the same, byte for byte; ``promote --wait`` ends at a terminal phase.
"""

from typing import Any

import pytest
from django.test import Client

from promotions.models import Promotion
from tests.factories.people import make_admin
from tests.fakes.git_origin import Origin
from tests.functional.api.conftest import client_for
from tests.functional.api.event_streams import Event, following
from tests.functional.domain.world import World

pytestmark = pytest.mark.django_db

P = "/v1beta1/projects/demo"
REFRESH = "kargo.akuity.io/refresh"
TERMINAL = {"Succeeded", "Failed", "Errored", "Aborted"}


@pytest.fixture
def kargo(world: World) -> Client:
    return client_for(make_admin(world.project))


def _asked(event: Event) -> str:
    return str(event.object["metadata"].get("annotations", {}).get(REFRESH, ""))


def _handled(event: Event) -> Any:
    return event.object.get("status", {}).get("lastHandledRefresh")


def test_waiting_for_a_refreshed_stage_ends(world: World, kargo: Client) -> None:
    world.warehouse()
    world.stage("test")
    world.settle()

    posted = kargo.post(f"{P}/stages/test/refresh")
    with following(kargo, f"{P}/stages/test") as events:
        (first,) = events.take(1)
        world.settle()
        last = next(it for it in events if _handled(it) == _asked(first))

    assert posted.status_code == 200
    assert first.type == "ADDED"
    assert _asked(first) != ""
    assert _handled(first) != _asked(first)
    assert _asked(last) == _asked(first)


def test_waiting_for_a_refreshed_warehouse_ends(
    world: World, kargo: Client, origin: Origin
) -> None:
    world.watch({"git": {"repoURL": str(origin.path), "branch": "main"}})
    world.settle()

    kargo.post(f"{P}/warehouses/main/refresh")
    with following(kargo, f"{P}/warehouses/main") as events:
        (first,) = events.take(1)
        world.settle()
        last = next(it for it in events if _handled(it) == _asked(first))

    assert _asked(first) != ""
    assert _handled(first) != _asked(first)
    assert last.object["status"]["lastFreightID"]


def test_waiting_for_a_promotion_ends_when_it_does(world: World, kargo: Client) -> None:
    world.warehouse()
    world.stage("test")
    freight = world.freight()
    world.settle()

    body = {"freight": freight.name, "freightAlias": "", "origin": ""}
    created = kargo.post(f"{P}/stages/test/promotions", body, content_type="application/json")
    name = created.json()["metadata"]["name"]
    namespace = created.json()["metadata"]["namespace"]
    with following(kargo, f"/v1beta1/projects/{namespace}/promotions/{name}") as events:
        (first,) = events.take(1)
        world.settle()
        last = next(it for it in events if it.object["status"].get("phase") in TERMINAL)

    assert created.status_code == 201
    assert first.says == ("ADDED", name)
    assert first.object["status"].get("phase") not in TERMINAL
    assert last.object["status"]["phase"] == "Succeeded"
    assert Promotion.objects.get(name=name).phase == "Succeeded"
