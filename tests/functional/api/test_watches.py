"""What watches tell: what is there, then every change, and nothing of others."""

from typing import Any

import pytest
from django.test import Client

from common.clock import now
from projects.models import Change, ChangeType, ClusterConfig, ProjectConfig
from promotions.engine.phases import PromotionPhase
from promotions.live import outbox
from promotions.models import Stage, Warehouse
from promotions.services.stages import delete_stage
from rbac.actors import operator_at_console
from tests.factories.domain import (
    NOON,
    hold_freight,
    make_freight,
    make_promotion,
    make_stage,
    make_tenant,
    make_warehouse,
)
from tests.functional.api.conftest import Scene
from tests.functional.api.event_streams import following, touch

P = "/v1beta1/projects/demo"
ROOT = operator_at_console("tests")


def test_a_watch_starts_with_what_is_there_and_goes_on_with_changes(
    bob: Client, scene: Scene
) -> None:
    with following(bob, f"{P}/stages") as events:
        seed = [event.says for event in events.take(2)]
        touch(scene.test)
        touch(make_stage(scene.project, "uat"), ChangeType.ADDED)
        delete_stage(scene.prod, actor=ROOT, now=NOON)
        changes = events.take(3)

    assert seed == [("ADDED", "prod"), ("ADDED", "test")]
    assert [it.says for it in changes] == [
        ("MODIFIED", "test"),
        ("ADDED", "uat"),
        ("DELETED", "prod"),
    ]
    assert changes[2].object["spec"] == scene.prod.spec


def test_a_watch_is_an_event_stream_that_no_proxy_keeps(bob: Client, scene: Scene) -> None:
    response = bob.get(f"{P}/stages?watch=true", headers={"Accept": "text/event-stream"})

    assert response.status_code == 200
    assert response["Content-Type"] == "text/event-stream"
    assert response["Cache-Control"] == "no-cache"
    assert response["Connection"] == "keep-alive"
    assert response["X-Accel-Buffering"] == "no"


@pytest.mark.parametrize(
    "flag", ["watch=1", "watch=True", "watch=", "watch=false", "watching=true"]
)
def test_only_true_watches(bob: Client, scene: Scene, flag: str) -> None:
    assert bob.get(f"{P}/stages?{flag}").json()["kind"] == "StageList"


def test_a_watch_shows_exactly_what_a_get_shows(bob: Client, scene: Scene) -> None:
    ProjectConfig.objects.create(project=scene.project, name="demo", spec={"promotionPolicies": []})
    finished = make_promotion(scene.test, scene.new, phase=PromotionPhase.SUCCEEDED)
    hold_freight(scene.test, scene.new, promotion=finished)
    Stage.objects.filter(pk=scene.test.pk).update(last_promotion=finished)
    paths = {
        f"{P}/stages/test": scene.test,
        f"{P}/warehouses/main": scene.warehouse,
        f"{P}/promotions/{scene.promotion.name}": scene.promotion,
        f"{P}/config": ProjectConfig.objects.get(),
    }
    for path, resource in paths.items():
        with following(bob, path) as events:
            (seed,) = events.take(1)
            before = bob.get(path).json()
            touch(resource)
            (change,) = events.take(1)

        assert (seed.type, seed.object) == ("ADDED", before)
        assert (change.type, change.object) == ("MODIFIED", bob.get(path).json())
        assert change.object["metadata"]["resourceVersion"] == str(resource.revision)


def test_freight_is_watched_as_it_is_listed(bob: Client, scene: Scene) -> None:
    listed = bob.get(f"{P}/freight").json()["groups"][""]["items"]

    with following(bob, f"{P}/freight") as events:
        seed = events.take(2)

    assert [it.object for it in seed] == listed


def test_one_goes_on_from_where_a_list_stands(bob: Client, scene: Scene) -> None:
    touch(scene.prod)
    document = bob.get(f"{P}/stages").json()
    place = document["metadata"]["resourceVersion"]
    touch(scene.test)

    with following(bob, f"{P}/stages?resourceVersion={place}") as events:
        (missed,) = events.take(1)
        touch(scene.prod)
        (later,) = events.take(1)

    assert missed.says == ("MODIFIED", "test")
    assert later.says == ("MODIFIED", "prod")


def test_a_list_stands_after_deletions_of_what_it_shows(bob: Client, scene: Scene) -> None:
    touch(scene.test)
    delete_stage(scene.test, actor=ROOT, now=NOON)
    newest = Change.objects.newest_id()

    for noun in ("stages", "warehouses", "promotions"):
        place = bob.get(f"{P}/{noun}").json()["metadata"]["resourceVersion"]
        assert place == str(newest)
    assert bob.get(f"{P}/freight").json()["resourceVersion"] == str(newest)


def test_a_list_before_any_change_gives_no_place_rather_than_nought(
    bob: Client, scene: Scene
) -> None:
    document = bob.get(f"{P}/stages").json()

    assert document["metadata"]["resourceVersion"] == ""
    assert "resourceVersion" not in bob.get(f"{P}/freight").json()
    with following(bob, f"{P}/stages?resourceVersion=0") as events:
        assert [it.type for it in events.take(2)] == ["ADDED", "ADDED"]


def test_a_place_that_is_long_gone_is_out_of_range(bob: Client, scene: Scene) -> None:
    places = [touch(scene.test).pk for _ in range(3)]
    Change.objects.filter(pk__lt=places[2]).delete()

    with following(bob, f"{P}/stages?resourceVersion={places[0]}") as events:
        answers = list(events)
    with following(bob, f"{P}/stages?resourceVersion={places[2]}") as events:
        touch(scene.test)
        (later,) = events.take(1)

    assert [(it.name, it.document["code"]) for it in answers] == [("error", "out_of_range")]
    assert later.says == ("MODIFIED", "test")


def test_a_place_that_has_not_been_yet_is_out_of_range(bob: Client, scene: Scene) -> None:
    place = touch(scene.test).pk + 1

    with following(bob, f"{P}/stages?resourceVersion={place}") as events:
        assert [it.document["code"] for it in events] == ["out_of_range"]


def test_too_much_to_catch_up_with_is_out_of_range(
    bob: Client, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "REPLAY_LIMIT", 2)
    place = touch(scene.warehouse).pk
    for _ in range(3):
        touch(scene.test)

    with following(bob, f"{P}/stages?resourceVersion={place}") as events:
        assert [it.document["code"] for it in events] == ["out_of_range"]
    with following(bob, f"{P}/warehouses?resourceVersion={place}") as events:
        touch(scene.warehouse)
        assert [it.says for it in events.take(1)] == [("MODIFIED", "main")]


@pytest.mark.parametrize("place", ["x", "-1", "1.5", "1e3", "9" * 30, "%C2%B2", "1%00"])
def test_a_place_that_is_no_number_is_refused(bob: Client, scene: Scene, place: str) -> None:
    response = bob.get(f"{P}/stages?watch=true&resourceVersion={place}")

    assert response.status_code == 400
    assert set(response.json()) == {"error"}


@pytest.mark.parametrize("noun", ["stages", "warehouses", "promotions"])
def test_what_is_not_there_is_not_watched(bob: Client, scene: Scene, noun: str) -> None:
    response = bob.get(f"{P}/{noun}/none?watch=true", headers={"Accept": "text/event-stream"})

    assert response.status_code == 404
    assert response["Content-Type"] == "application/json"
    assert set(response.json()) == {"error"}
    assert bob.get(f"{P}/config?watch=true").status_code == 404


def test_one_object_is_watched_alone(bob: Client, scene: Scene) -> None:
    with following(bob, f"{P}/stages/test") as events:
        seed = events.take(1)
        touch(scene.prod)
        delete_stage(scene.test, actor=ROOT, now=NOON)
        again = make_stage(scene.project, "test")
        touch(again, ChangeType.ADDED)
        changes = events.take(2)

    assert [it.says for it in seed] == [("ADDED", "test")]
    assert [it.says for it in changes] == [("DELETED", "test"), ("ADDED", "test")]
    assert changes[1].object["metadata"]["uid"] == str(again.uid)


def test_changes_of_one_object_that_come_together_are_told_once(bob: Client, scene: Scene) -> None:
    with following(bob, f"{P}/stages") as events:
        events.take(2)
        uat = make_stage(scene.project, "uat")
        touch(uat, ChangeType.ADDED)
        Stage.objects.filter(pk=uat.pk).update(labels={"team": "web"})
        touch(uat)
        touch(scene.test)
        added, modified = events.take(2)

    assert added.says == ("ADDED", "uat")
    assert added.object["metadata"]["labels"] == {"team": "web"}
    assert modified.says == ("MODIFIED", "test")


def test_a_stage_that_no_longer_asks_for_an_origin_leaves_the_filter(
    bob: Client, scene: Scene
) -> None:
    spec = make_stage(scene.project, "side", warehouse="side").spec
    with following(bob, f"{P}/stages?freightOrigins=main,none") as events:
        seed = [it.says for it in events.take(2)]
        touch(make_stage(scene.project, "far", warehouse="side"), ChangeType.ADDED)
        Stage.objects.filter(pk=scene.test.pk).update(spec=spec)
        touch(scene.test)
        touch(scene.prod)
        changes = events.take(2)

    assert seed == [("ADDED", "prod"), ("ADDED", "test")]
    assert [it.says for it in changes] == [("DELETED", "test"), ("MODIFIED", "prod")]


def test_freight_is_watched_by_origin(bob: Client, scene: Scene) -> None:
    side = make_freight(make_warehouse(scene.project, "side"), tag="3.0.0")
    with following(bob, f"{P}/freight?origins=side&origins=none") as events:
        seed = [it.says for it in events.take(1)]
        touch(scene.new)
        touch(side)
        changes = [it.says for it in events.take(1)]

    assert seed == [("ADDED", side.name)]
    assert changes == [("MODIFIED", side.name)]


def test_promotions_are_watched_by_stage(bob: Client, scene: Scene) -> None:
    other = make_promotion(scene.prod, scene.old)
    with following(bob, f"{P}/promotions?stage=prod") as events:
        seed = [it.says for it in events.take(1)]
        touch(scene.promotion)
        touch(other)
        changes = [it.says for it in events.take(1)]

    assert seed == [("ADDED", other.name)]
    assert changes == [("MODIFIED", other.name)]


@pytest.mark.parametrize("path", ["/v1beta1/system/cluster-config", "/v1beta1/cluster-config"])
def test_the_tenants_configuration_is_watched_at_both_addresses(
    operator: Client, scene: Scene, path: str
) -> None:
    missing = operator.get(f"{path}?watch=true")
    config = ClusterConfig.objects.create(tenant=scene.project.tenant, name="cluster", spec={})
    other = ClusterConfig.objects.create(tenant=make_tenant("elsewhere"), name="cluster", spec={})
    with following(operator, path) as events:
        seed = events.take(1)
        touch(other)
        touch(config)
        changes = events.take(1)

    assert missing.status_code == 404
    assert [it.says for it in seed] == [("ADDED", "cluster")]
    assert [it.says for it in changes] == [("MODIFIED", "cluster")]
    assert changes[0].object["metadata"]["uid"] == str(config.uid)


def test_an_object_too_long_for_clients_is_sent_without_its_largest_parts(
    bob: Client, scene: Scene
) -> None:
    big = {"git": [{"text": "x" * (1 << 20)}]}
    Warehouse.objects.filter(pk=scene.warehouse.pk).update(
        discovered=big, last_freight_name=scene.new.name
    )

    with following(bob, f"{P}/warehouses/main") as events:
        (seed,) = events.take(1)

    assert seed.object["spec"] == scene.warehouse.spec
    assert seed.object["status"] == {"lastFreightID": scene.new.name}


def test_what_vanished_without_a_trace_is_still_told_of(bob: Client, scene: Scene) -> None:
    extra = make_stage(scene.project, "extra")
    with following(bob, f"{P}/stages/extra") as events:
        events.take(1)
        touch(extra, ChangeType.DELETED)
        Stage.everything.filter(pk=extra.pk).delete()
        (gone,) = events.take(1)

    assert gone.says == ("DELETED", "extra")
    assert gone.object["metadata"]["uid"] == str(extra.uid)


def test_a_watch_takes_few_queries_however_much_there_is(
    bob: Client, scene: Scene, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        stage = make_stage(scene.project, f"stage-{number}")
        promotion = make_promotion(stage, scene.old, phase=PromotionPhase.SUCCEEDED)
        hold_freight(stage, scene.old, promotion=promotion)
        Stage.objects.filter(pk=stage.pk).update(last_promotion=promotion)
    with following(bob, f"{P}/stages") as events:
        with django_assert_max_num_queries(20):
            events.take(22)
        for stage in Stage.objects.all().select_related("project__tenant"):
            touch(stage)
        with django_assert_max_num_queries(20):
            events.take(22)


def test_every_kind_that_is_watched_can_be_told_of_as_deleted(bob: Client, scene: Scene) -> None:
    for resource, path in (
        (scene.warehouse, "warehouses"),
        (scene.new, "freight"),
        (scene.promotion, "promotions"),
    ):
        model: Any = type(resource)
        with following(bob, f"{P}/{path}") as events:
            events.take(model.objects.count())
            model.objects.filter(pk=resource.pk).update(deleted_at=now())
            touch(resource, ChangeType.DELETED)
            (gone,) = events.take(1)

        assert gone.says == ("DELETED", resource.name)
        assert gone.object["metadata"]["uid"] == str(resource.uid)
