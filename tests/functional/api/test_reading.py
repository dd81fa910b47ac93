"""Lists and single objects."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from common.clock import now
from projects.models import ProjectConfig
from promotions.engine.phases import PromotionPhase
from tests.factories.domain import (
    GIT_URL,
    IMAGE_URL,
    hold_freight,
    make_freight,
    make_project,
    make_promotion,
    make_stage,
    make_standing,
    make_warehouse,
)
from tests.functional.api.conftest import Scene, names

P = "/v1beta1/projects/demo"


def test_one_sees_the_projects_one_has_a_role_in(
    alice: Client, charlie: Client, operator: Client, scene: Scene
) -> None:
    make_project("other")

    assert names(alice.get("/v1beta1/projects").json()) == ["demo"]
    assert charlie.get("/v1beta1/projects").json() == {"items": [], "total": 0}
    assert names(operator.get("/v1beta1/projects").json()) == ["demo", "other"]


def test_projects_are_filtered_counted_and_paged(operator: Client, scene: Scene) -> None:
    other = make_project("other")
    make_project("another")

    assert names(operator.get("/v1beta1/projects?filter=OTHER").json()) == ["another", "other"]
    page = operator.get("/v1beta1/projects?pageSize=2&page=1").json()
    assert (names(page), page["total"]) == (["other"], 3)
    assert operator.get("/v1beta1/projects?pageSize=2&page=9").json()["items"] == []
    assert names(operator.get(f"/v1beta1/projects?uid={other.uid},").json()) == ["other"]
    assert operator.get("/v1beta1/projects?uid=x").status_code == 400
    assert operator.get("/v1beta1/projects?page=-1").status_code == 400


def test_mine_are_the_projects_one_has_a_role_in_by_name(
    alice: Client, operator: Client, scene: Scene
) -> None:
    assert names(alice.get("/v1beta1/projects?mine=true").json()) == ["demo"]
    assert operator.get("/v1beta1/projects?mine=true").json()["items"] == []


def test_a_member_without_the_right_is_forbidden_not_lost(alice: Client, scene: Scene) -> None:
    make_project("other")

    response = alice.get("/v1beta1/projects/other/stages")

    assert response.status_code == 403
    assert response.json()["error"] == "stages.kargo.akuity.io is forbidden: list is not permitted"


def test_a_projects_configuration_is_missing_until_it_is_there(bob: Client, scene: Scene) -> None:
    before = bob.get(f"{P}/config")
    ProjectConfig.objects.create(project=scene.project, name="demo", spec={"promotionPolicies": []})

    assert before.status_code == 404
    assert bob.get(f"{P}/config").json()["spec"] == {"promotionPolicies": []}


def test_stages_are_a_list_with_a_resource_version(bob: Client, scene: Scene) -> None:
    document = bob.get(f"{P}/stages").json()

    assert (document["kind"], names(document)) == ("StageList", ["prod", "test"])
    assert document["metadata"] == {"resourceVersion": ""}


def test_stages_are_filtered_by_origin_repeated_or_joined(bob: Client, scene: Scene) -> None:
    make_stage(scene.project, "charts", warehouse="charts")
    make_stage(scene.project, "docs", warehouse="docs")

    joined = bob.get(f"{P}/stages?freightOrigins=charts,docs").json()
    repeated = bob.get(f"{P}/stages?freightOrigins=charts&freightOrigins=docs").json()

    assert names(joined) == names(repeated) == ["charts", "docs"]


def test_freight_without_grouping_is_one_group_with_the_empty_key(
    bob: Client, scene: Scene
) -> None:
    document = bob.get(f"{P}/freight?groupBy=&origins=").json()
    backward = bob.get(f"{P}/freight?reverse=true").json()

    assert names(document["groups"][""]) == [scene.old.name, scene.new.name]
    assert names(backward["groups"][""]) == [scene.new.name, scene.old.name]
    assert "resourceVersion" not in document


def test_a_project_without_freight_still_has_the_group(operator: Client) -> None:
    make_project("empty")

    document = operator.get("/v1beta1/projects/empty/freight").json()
    grouped = operator.get("/v1beta1/projects/empty/freight?groupBy=git_repo").json()

    assert document["groups"] == {"": {"items": []}}
    assert grouped["groups"] == {}


def test_freight_is_grouped_by_repository_and_ordered_by_version(bob: Client, scene: Scene) -> None:
    make_freight(scene.warehouse, tag="1.9.5")

    images = bob.get(f"{P}/freight?groupBy=image_repo&orderBy=tag").json()["groups"]
    commits = bob.get(f"{P}/freight?groupBy=git_repo&group={GIT_URL}").json()["groups"]

    tags = [item["images"][0]["tag"] for item in images[IMAGE_URL]["items"]]
    assert tags == ["1.9.0", "1.9.5", "1.10.0"]
    assert list(commits) == [GIT_URL]


@pytest.mark.parametrize(
    "query", ["group=x", "groupBy=x", "orderBy=x", "orderBy=tag", "groupBy=git_repo&orderBy=tag"]
)
def test_groupings_that_make_no_sense_are_bad_requests(
    bob: Client, scene: Scene, query: str
) -> None:
    assert bob.get(f"{P}/freight?{query}").status_code == 400


def test_freight_of_a_stage_is_what_it_may_be_given(bob: Client, scene: Scene) -> None:
    make_standing(scene.test, scene.old, verified_at=now())

    document = bob.get(f"{P}/freight?stage=prod&origins=nothing").json()

    assert names(document["groups"][""]) == [scene.old.name]
    assert "resourceVersion" not in document
    assert bob.get(f"{P}/freight?stage=nowhere").status_code == 404


def test_freight_is_filtered_by_origins(bob: Client, scene: Scene) -> None:
    charts = make_freight(make_warehouse(scene.project, "charts"))

    document = bob.get(f"{P}/freight?origins=charts,docs").json()

    assert names(document["groups"][""]) == [charts.name]


def test_freight_is_found_by_name_and_by_alias(bob: Client, scene: Scene) -> None:
    by_name = bob.get(f"{P}/freight/{scene.new.name}").json()
    by_alias = bob.get(f"{P}/freight/{scene.new.alias}").json()

    assert by_name == by_alias
    assert by_name["alias"] == by_name["metadata"]["labels"]["kargo.akuity.io/alias"]


def test_promotions_come_by_name_and_by_stage(bob: Client, scene: Scene) -> None:
    other = make_promotion(scene.prod, scene.old)

    everything = bob.get(f"{P}/promotions").json()
    of_stage = bob.get(f"{P}/promotions?stage=prod").json()

    assert names(everything) == sorted([scene.promotion.name, other.name])
    assert names(of_stage) == [other.name]
    one = bob.get(f"{P}/promotions/{other.name}").json()
    assert one["metadata"]["ownerReferences"][0]["name"] == "prod"


def test_warehouses_are_listed_and_found(bob: Client, scene: Scene) -> None:
    document = bob.get(f"{P}/warehouses").json()

    assert (document["kind"], names(document)) == ("WarehouseList", ["main"])
    assert bob.get(f"{P}/warehouses/main").json() == document["items"][0]
    assert bob.get(f"{P}/warehouses/other").status_code == 404


@pytest.mark.parametrize("noun", ["stages", "freight", "promotions", "warehouses", ""])
def test_a_list_takes_as_many_queries_for_many_as_for_few(
    operator: Client, scene: Scene, noun: str
) -> None:
    path = f"{P}/{noun}" if noun else "/v1beta1/projects"
    _add_more(scene, 1)
    _count_queries(operator, path)
    few = _count_queries(operator, path)
    _add_more(scene, 5)

    assert _count_queries(operator, path) == few


def _count_queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def _add_more(scene: Scene, count: int) -> None:
    for number in range(count):
        serial = f"{count}-{number}"
        project = make_project(f"project-{serial}")
        make_stage(project, "test")
        stage = make_stage(scene.project, f"stage-{serial}")
        freight = make_freight(make_warehouse(scene.project, f"warehouse-{serial}"), tag="1.0.0")
        promotion = make_promotion(stage, freight, phase=PromotionPhase.SUCCEEDED)
        hold_freight(stage, freight, promotion=promotion)
        stage.last_promotion = promotion
        stage.save(update_fields=["last_promotion"])
