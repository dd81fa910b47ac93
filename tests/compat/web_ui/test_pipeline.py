"""Kargo's web UI: the page of a project with its graph, list, timeline and images."""

import json
from typing import Any

import pytest

from common.clock import now
from promotions.models import Stage, Warehouse, WorkerBeat
from tests.compat.web_ui.conftest import PageOf
from tests.compat.web_ui.page import Page
from tests.compat.web_ui.shapes import assert_lists, assert_texts, assert_times, named, read
from tests.factories.domain import make_freight, make_project, make_stage, make_warehouse
from tests.factories.people import make_operator
from tests.factories.rich import Rich
from tests.factories.rich_manifests import CHART, GIT, IMAGE
from tests.functional.api.event_streams import touch

pytestmark = pytest.mark.django_db

P, BARE = "/v1beta1/projects/demo", "/v1beta1/projects/bare"
S = "/v1beta1/system"


def badge(stage: dict[str, Any], heartbeats: dict[str, Any]) -> str:
    """Return what a Stage's badge says, in the order in which the UI decides."""
    controller = stage["spec"].get("shard") or heartbeats["defaultController"]
    heartbeat = heartbeats["heartbeats"].get(controller)
    if heartbeat is None or heartbeat["status"] == "Dead":
        return "Failed"
    conditions = {it["type"]: it for it in stage["status"].get("conditions", [])}
    for kind, status, phase in (
        ("Promoting", "True", "Promoting"),
        ("Verified", "Unknown", "Verifying"),
        ("Reconciling", "True", "Reconciling"),
        ("Ready", "False", "Failed"),
        ("Ready", "True", "Ready"),
    ):
        found = conditions.get(kind, {})
        if found.get("status") == status and found.get("reason") != "NoFreight":
            return phase
    return "Unknown"


def with_conditions(stage: Stage, **statuses: str) -> None:
    """Give a Stage conditions: a type, its status, and after a slash its reason."""
    rows = []
    for kind, text in statuses.items():
        status, _, reason = text.partition("/")
        row = {"type": kind, "status": status, "reason": reason or "Any", "message": "so it is"}
        rows.append({**row, "lastTransitionTime": "2026-06-01T12:00:00Z"})
    Stage.objects.filter(pk=stage.pk).update(conditions=rows)


def test_the_page_gets_everything_it_waits_for_before_it_draws(page: Page) -> None:
    config = page.get(f"{S}/server-config")
    project = page.get(P)
    images = page.get(f"{P}/images")

    assert isinstance(config["argocdShards"], dict)
    assert config["hasAnalysisRunLogsUrlTemplate"] is False
    assert_texts(project, "metadata.name", "metadata.uid")
    assert isinstance(images, dict)


@pytest.mark.parametrize("noun", ["stages", "warehouses"])
def test_lists_carry_the_version_that_seeds_their_watch(page: Page, noun: str) -> None:
    listed = page.get(f"{P}/{noun}")

    assert_lists(listed, "items")
    assert int(read(listed, "metadata.resourceVersion")) > 0
    for item in listed["items"]:
        assert_texts(item, "metadata.name", "metadata.namespace", "metadata.uid")
        assert int(read(item, "metadata.resourceVersion")) >= 0, "compared as big integers"
        assert_times(item, "metadata.creationTimestamp")


def test_the_timeline_has_one_group_without_a_name_also_when_it_is_empty(page_of: PageOf) -> None:
    make_project("bare")
    page = page_of(make_operator("admin"))

    listed = page.get(f"{BARE}/freight", origins=[])

    assert listed["groups"] == {"": {"items": []}}


def test_the_timeline_seeds_its_watch_from_the_top_of_its_list(page: Page) -> None:
    listed = page.get(f"{P}/freight", origins=["main"])

    assert int(listed["resourceVersion"]) > 0
    assert "metadata" not in listed


def test_a_card_of_the_timeline_shows_what_is_in_freight_and_where_it_is(
    page: Page, rich: Rich
) -> None:
    listed = page.get(f"{P}/freight", origins=["main"])

    card = named(listed["groups"][""], rich.held.name)
    assert_texts(card, "alias", "metadata.name", "metadata.uid", "origin.kind", "origin.name")
    assert_times(card, "metadata.creationTimestamp", "discoveredAt")
    assert read(card, "metadata|labels|kargo.akuity.io/alias") == card["alias"]
    assert_texts(card, "commits.0.repoURL", "commits.0.id", "commits.0.branch")
    assert_texts(card, "commits.0.message", "commits.0.author", "commits.0.committer")
    assert_texts(card, "images.0.repoURL", "images.0.tag", "images.0.digest")
    assert_texts(card, "charts.0.repoURL", "charts.0.name", "charts.0.version")
    assert_texts(card, "artifacts.0.subscriptionName", "artifacts.0.version")
    assert_times(card, "status.currentlyIn.test.since")
    assert_times(card, "status.verifiedIn.test.verifiedAt")
    assert read(card, "status.verifiedIn.test.longestSoak") == "1h30m0s"


def test_the_warehouse_filter_of_the_timeline_comes_repeated(page_of: PageOf) -> None:
    project = make_project("bare")
    for name in ("one", "two", "three"):
        make_freight(make_warehouse(project, name))
        make_stage(project, f"stage-{name}", warehouse=name)
    page = page_of(make_operator("admin"))

    freight = page.get(f"{BARE}/freight", origins=["one", "three"])
    stages = page.get(f"{BARE}/stages", freightOrigins=["one", "three"])

    found = {it["origin"]["name"] for it in freight["groups"][""]["items"]}
    assert found == {"one", "three"}
    assert [it["metadata"]["name"] for it in stages["items"]] == ["stage-one", "stage-three"]


def test_the_graph_draws_subscriptions_warehouses_and_stages(page: Page) -> None:
    warehouse = named(page.get(f"{P}/warehouses"), "main")
    stages = page.get(f"{P}/stages")

    subscriptions = warehouse["spec"]["subscriptions"]
    assert [
        read(it, f"{kind}.repoURL")
        for it, kind in zip(subscriptions, ("git", "image", "chart"), strict=True)
    ] == [GIT, IMAGE, CHART]
    direct, upstream = named(stages, "test"), named(stages, "prod")
    assert read(direct, "spec.requestedFreight.0.origin") == {"kind": "Warehouse", "name": "main"}
    assert read(direct, "spec.requestedFreight.0.sources.direct") is True
    assert read(upstream, "spec.requestedFreight.0.sources.stages") == ["test"]
    assert read(upstream, "spec.requestedFreight.0.sources.requiredSoakTime") == "1h"


def test_a_stage_without_steps_is_drawn_as_control_flow(page: Page) -> None:
    stages = page.get(f"{P}/stages")

    steps = {
        it["metadata"]["name"]: len(
            it["spec"].get("promotionTemplate", {}).get("spec", {}).get("steps", [])
        )
        for it in stages["items"]
    }

    assert steps == {"test": 2, "prod": 1, "through": 0}


def test_a_stages_node_shows_its_freight_health_promotions_and_holds(
    page: Page, rich: Rich
) -> None:
    stage = named(page.get(f"{P}/stages"), "test")

    assert read(stage, "metadata|annotations|kargo.akuity.io/color") == "red"
    assert read(stage, "metadata|labels|kargo.akuity.io/shard") == stage["spec"]["shard"]
    assert read(stage, "status.health.status") == "Unhealthy"
    assert read(stage, "status.health.issues") == ["slow"]
    assert read(stage, "status.autoPromotionEnabled") is True
    assert_texts(stage, "status.currentPromotion.name", "status.currentPromotion.freight.name")
    assert read(stage, "status.lastPromotion.name") == rich.succeeded.name
    assert_times(stage, "status.lastPromotion.finishedAt")
    assert read(stage, "status.lastPromotion.status.phase") == "Succeeded"
    current = read(stage, "status|freightHistory|0|items|Warehouse/main")
    assert current["name"] == rich.held.name
    assert current["origin"] == {"kind": "Warehouse", "name": "main"}
    assert_texts(current, "images.0.tag", "commits.0.id", "charts.0.version")
    hold = read(stage, "status|autoPromotionHolds|Warehouse/main")
    assert_texts(hold, "freightName", "promotionName", "actor", "origin.name")
    assert_times(hold, "createdAt")


@pytest.mark.parametrize(
    ("conditions", "said"),
    [
        ({"Promoting": "True/ActivePromotion", "Ready": "False/ActivePromotion"}, "Promoting"),
        ({"Verified": "Unknown/VerificationRunning", "Ready": "False/Pending"}, "Verifying"),
        ({"Reconciling": "True/NewGeneration", "Ready": "False/Any"}, "Reconciling"),
        ({"Ready": "False/Unhealthy"}, "Failed"),
        ({"Ready": "False/NoFreight", "Verified": "Unknown/NoFreight"}, "Unknown"),
        ({"Ready": "True/Verified"}, "Ready"),
    ],
)
def test_a_stages_badge_follows_its_conditions(
    page: Page, rich: Rich, conditions: dict[str, str], said: str
) -> None:
    WorkerBeat.objects.create(worker="one", shard="edge", at=now())
    with_conditions(rich.test, **conditions)

    stage = named(page.get(f"{P}/stages"), "test")

    heartbeats = page.get(f"{S}/controller-heartbeats")
    assert badge(stage, heartbeats) == said


def test_a_new_installation_shows_no_stage_as_failed(page_of: PageOf) -> None:
    stage = make_stage(make_project("bare"))
    with_conditions(stage, Ready="True")
    page = page_of(make_operator("admin"))

    heartbeats = page.get(f"{S}/controller-heartbeats")

    assert badge(named(page.get(f"{BARE}/stages"), "test"), heartbeats) == "Ready"
    assert_times(heartbeats["heartbeats"][""], "timestamp")


def test_a_shard_that_no_worker_serves_shows_its_stages_as_failed(page: Page, rich: Rich) -> None:
    with_conditions(rich.test, Ready="True")

    heartbeats = page.get(f"{S}/controller-heartbeats")

    assert badge(named(page.get(f"{P}/stages"), "test"), heartbeats) == "Failed"


def test_a_warehouses_node_shows_errors_work_and_a_refresh_under_way(
    page: Page, rich: Rich
) -> None:
    warehouse = named(page.get(f"{P}/warehouses"), "main")
    refreshed = "kargo.akuity.io/refresh"
    asked = read(warehouse, f"metadata|annotations|{refreshed}")
    assert asked == read(warehouse, "status.lastHandledRefresh"), "nothing turns yet"

    assert page.act("POST", f"{P}/warehouses/main/refresh") == ""

    turning = named(page.get(f"{P}/warehouses"), "main")
    asked = read(turning, f"metadata|annotations|{refreshed}")
    assert asked != read(turning, "status.lastHandledRefresh")
    Warehouse.objects.filter(pk=rich.warehouse.pk).update(handled_refresh=asked)
    touch(rich.warehouse)
    done = named(page.get(f"{P}/warehouses"), "main")
    assert read(done, f"metadata|annotations|{refreshed}") == done["status"]["lastHandledRefresh"]
    for found in done["status"]["conditions"]:
        assert set(found) >= {"type", "status", "reason", "message", "lastTransitionTime"}


def test_the_matrix_of_images_has_tags_by_stage_and_how_long_ago(page: Page) -> None:
    images = page.get(f"{P}/images")

    assert images == {
        IMAGE: {"tags": {"1.1.0": {"stages": {"test": 0}}, "1.0.0": {"stages": {"test": 1}}}}
    }
    subscribed = named(page.get(f"{P}/warehouses"), "main")["spec"]["subscriptions"]
    assert IMAGE in json.dumps(subscribed), "only images that a Warehouse names are drawn"


def test_the_promotion_under_way_of_a_node_is_read_by_its_name(page: Page) -> None:
    stage = named(page.get(f"{P}/stages"), "test")

    namespace = stage["metadata"]["namespace"]
    name = stage["status"]["currentPromotion"]["name"]
    promotion = page.get(f"/v1beta1/projects/{namespace}/promotions/{name}")

    assert promotion["metadata"]["name"] == name
    assert_lists(promotion, "spec.steps", "status.stepExecutionMetadata")
