"""What Kargo's web pages read beside the objects: events, images, links, heartbeats, tasks."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from common.clock import now
from projects.models import ClusterConfig, ProjectConfig
from promotions.models import Event, WorkerBeat
from tests.factories.domain import IMAGE_URL, hold_freight, make_freight, make_project
from tests.factories.rich import Rich, make_rich
from tests.functional.api.conftest import Scene, names

P, S, H = "/v1beta1/projects/demo", "/v1beta1/system", "/v1beta1/shared"


@pytest.fixture
def rich(db: None) -> Rich:
    return make_rich()


# ---------------------------------------------------------------- events
def test_events_are_told_newest_first(operator: Client, rich: Rich) -> None:
    document = operator.get(f"{P}/events").json()

    reasons = [item["reason"] for item in document["items"]]
    assert (document["apiVersion"], document["kind"]) == ("v1", "EventList")
    assert reasons == [
        "PromotionCreated",
        "FreightApproved",
        "FreightCreated",
        "FreightCreated",
        "FreightCreated",
    ]
    newest = document["items"][0]
    assert newest["involvedObject"] == {
        "apiVersion": "kargo.akuity.io/v1alpha1",
        "kind": "Promotion",
        "namespace": "demo",
        "name": rich.waiting.name,
        "uid": str(rich.waiting.uid),
    }
    assert newest["type"] == "Normal"
    assert newest["count"] == 1
    assert newest["lastTimestamp"] == newest["firstTimestamp"]
    told = newest["metadata"]["annotations"]
    assert told["event.kargo.akuity.io/promotion-name"] == rich.waiting.name
    assert told["event.kargo.akuity.io/applications"] == '[{"name":"app-test","namespace":"apps"}]'


def test_events_of_another_project_are_not_told(alice: Client, scene: Scene) -> None:
    other = make_project("other")
    Event.objects.create(
        project=other,
        reason="FreightCreated",
        object_kind="Freight",
        object_name="x",
        object_uid=other.uid,
        at=now(),
    )

    assert alice.get(f"{P}/events").json()["items"] == []


# ---------------------------------------------------------------- images
def test_images_say_which_stage_holds_which_tag_and_held_which_before(
    bob: Client, scene: Scene
) -> None:
    for freight in (scene.old, scene.new, scene.old):
        hold_freight(scene.test, freight)
    hold_freight(scene.prod, scene.new)

    assert bob.get(f"{P}/images").json() == {
        IMAGE_URL: {
            "tags": {
                "1.9.0": {"stages": {"test": 0}},
                "1.10.0": {"stages": {"test": 1, "prod": 0}},
            }
        }
    }


def test_images_of_long_ago_are_not_shown(bob: Client, scene: Scene) -> None:
    for number in range(12):
        hold_freight(scene.test, make_freight(scene.warehouse, tag=f"2.{number}.0"))

    tags = bob.get(f"{P}/images").json()[IMAGE_URL]["tags"]

    assert sorted(it["stages"]["test"] for it in tags.values()) == list(range(10))


def test_a_project_that_holds_nothing_has_no_images(bob: Client, scene: Scene) -> None:
    assert bob.get(f"{P}/images").json() == {}


# ---------------------------------------------------------------- links
def _link(url: str, **parts: str) -> dict[str, Any]:
    return {"title": "Board", "url": url, **parts}


def test_links_of_the_tenant_come_before_those_of_the_project(bob: Client, scene: Scene) -> None:
    tenant = scene.project.tenant
    ours = _link("https://a.example.com/{{ .stage.metadata.name }}", description="Look here")
    only_prod = _link("https://b.example.com", **{"if": 'stage.metadata.name == "prod"'})
    theirs = _link("https://c.example.com/{{ .stage.metadata.namespace }}")
    ClusterConfig.objects.create(tenant=tenant, name="cluster", spec={"stageLinks": [ours]})
    spec = {"stageLinks": [only_prod, theirs]}
    ProjectConfig.objects.create(project=scene.project, name="demo", spec=spec)

    assert bob.get(f"{P}/stages/test/links").json() == {
        "links": [
            {"title": "Board", "url": "https://a.example.com/test", "description": "Look here"},
            {"title": "Board", "url": "https://c.example.com/demo"},
        ]
    }


def test_what_is_wrong_with_a_link_is_said_and_keeps_no_other_away(
    bob: Client, scene: Scene
) -> None:
    links = [
        _link("https://x.example.com", **{"if": "freight.nothing.at.all"}),
        _link("https://x.example.com", **{"if": "1 + 1"}),
        _link("https://x.example.com/{{ range }}"),
        _link(" java\nscript:alert(1)"),
        _link("https://x.example.com/{{ .freight.alias }}"),
    ]
    ProjectConfig.objects.create(project=scene.project, name="demo", spec={"freightLinks": links})

    answer = bob.get(f"{P}/freight/{scene.new.alias}/links").json()

    assert [it["url"] for it in answer["links"]] == [f"https://x.example.com/{scene.new.alias}"]
    assert len(answer["errors"]) == 4
    assert all('link "Board"' in it for it in answer["errors"])


def test_without_configuration_there_are_no_links(bob: Client, scene: Scene) -> None:
    assert bob.get(f"{P}/stages/test/links").json() == {"links": []}
    assert bob.get(f"{P}/stages/nowhere/links").status_code == 404
    assert bob.get(f"{P}/freight/nothing/links").status_code == 404


# ---------------------------------------------------------------- heartbeats
def test_before_any_worker_ran_no_stage_looks_failed(bob: Client) -> None:
    answer = bob.get(f"{S}/controller-heartbeats").json()

    assert answer["defaultController"] == ""
    assert answer["heartbeats"][""]["status"] == "Alive"
    assert answer["heartbeats"][""]["controller"] == ""


def test_a_shard_is_alive_as_long_as_one_of_its_workers_is(bob: Client, settings: Settings) -> None:
    settings.SHARDS = ["edge", "never"]
    WorkerBeat.objects.create(worker="a/default", shard="default", at=now())
    WorkerBeat.objects.create(worker="b/default", shard="default", at=now() - timedelta(days=1))
    WorkerBeat.objects.create(worker="a/edge", shard="edge", at=now() - timedelta(minutes=5))

    found = bob.get(f"{S}/controller-heartbeats").json()["heartbeats"]

    assert {name: it["status"] for name, it in found.items()} == {
        "": "Alive",
        "edge": "Dead",
        "never": "Dead",
    }
    assert "timestamp" not in found["never"]


# ---------------------------------------------------------------- tasks and analysis
@pytest.mark.parametrize(
    ("path", "kind", "name"),
    [
        (f"{P}/promotion-tasks", "PromotionTask", "deploy"),
        (f"{H}/cluster-promotion-tasks", "ClusterPromotionTask", "deploy-all"),
        (f"{P}/analysis-templates", "AnalysisTemplate", "check"),
        (f"{H}/cluster-analysis-templates", "ClusterAnalysisTemplate", "check-all"),
    ],
)
def test_what_stages_refer_to_is_listed_and_shown(
    operator: Client, rich: Rich, path: str, kind: str, name: str
) -> None:
    listed = operator.get(path).json()

    assert (listed["kind"], names(listed)) == (f"{kind}List", [name])
    assert operator.get(f"{path}/{name}").json() == listed["items"][0]
    assert listed["items"][0]["kind"] == kind
    missing = operator.get(f"{path}/nothing")
    assert missing.status_code == 404
    assert "not found" in missing.json()["error"]


def test_analysis_runs_are_not_there_and_have_no_logs(alice: Client, scene: Scene) -> None:
    run, logs = (alice.get(f"{P}/analysis-runs/test.1{it}") for it in ("", "/logs"))

    assert run.status_code == 404
    assert run.json() == {"error": 'analysisruns.argoproj.io "test.1" not found'}
    assert logs.status_code == 501
    assert logs.json() == {"error": "log streaming is not configured"}
