"""Kargo's web UI: the list of projects."""

import pytest

from tests.compat.web_ui.conftest import PageOf
from tests.factories.domain import make_project, make_stage, make_warehouse
from tests.factories.people import make_operator, make_viewer

pytestmark = pytest.mark.django_db

PROJECTS = "/v1beta1/projects"
SINCE = "2026-06-01T12:00:00Z"


def test_a_tile_has_a_name_a_description_a_star_and_two_counters(page_of: PageOf) -> None:
    project = make_project()
    make_warehouse(project)
    healthy = {"type": "Healthy", "status": "True", "reason": "Healthy", "message": "It is."}
    make_stage(project, "test", conditions=[{**healthy, "lastTransitionTime": SINCE}])
    make_stage(project, "prod")
    page = page_of(make_operator("admin"))
    written = page.get(PROJECTS, pageSize=10, page=0, filter="")["items"][0]
    description = {"kargo.akuity.io/description": "The shop."}
    metadata = {**written["metadata"], "annotations": description}
    page.manifests("PUT", {**written, "metadata": metadata})

    listed = page.get(PROJECTS, pageSize=10, page=0, filter="")

    tile = listed["items"][0]
    assert listed["total"] == 1
    assert tile["metadata"]["name"] == "demo"
    assert tile["metadata"]["uid"] == str(project.uid)
    assert tile["metadata"]["annotations"]["kargo.akuity.io/description"] == "The shop."
    assert tile["status"]["stats"]["stages"] == {"count": 2, "health": {"healthy": 1}}
    assert tile["status"]["stats"]["warehouses"] == {"count": 1, "health": {"healthy": 0}}, (
        "zero is there too: the tile prints it"
    )


def test_pages_of_the_list_are_counted_before_they_are_cut(page_of: PageOf) -> None:
    for index in range(12):
        make_project(f"p{index:02}")
    page = page_of(make_operator("admin"))

    second = page.get(PROJECTS, pageSize=10, page=1, filter="")
    beyond = page.get(PROJECTS, pageSize=10, page=7, filter="")

    assert [it["metadata"]["name"] for it in second["items"]] == ["p10", "p11"]
    assert (second["total"], beyond["total"]) == (12, 12)
    assert beyond["items"] == [], "the page asks for its length"


def test_starred_and_searched_projects_are_found(page_of: PageOf) -> None:
    starred = [make_project(name) for name in ("alpha", "beta")]
    make_project("gamma")
    page = page_of(make_operator("admin"))

    by_star = page.get(
        PROJECTS, pageSize=10, page=0, filter="", uid=[str(it.uid) for it in starred]
    )
    by_name = page.get(PROJECTS, pageSize=10, page=0, filter="AMM", uid=[])

    assert [it["metadata"]["name"] for it in by_star["items"]] == ["alpha", "beta"]
    assert [it["metadata"]["name"] for it in by_name["items"]] == ["gamma"]


def test_ones_own_projects_are_those_with_a_role_and_of_an_operator_none(page_of: PageOf) -> None:
    mine = make_project("mine")
    make_project("theirs")
    viewer, operator = page_of(make_viewer(mine)), page_of(make_operator("admin"))

    seen = [
        page.get(PROJECTS, pageSize=10, page=0, filter="", uid=[], mine=True)
        for page in (viewer, operator)
    ]

    assert [it["metadata"]["name"] for it in seen[0]["items"]] == ["mine"]
    assert seen[1] == {"items": [], "total": 0}


def test_the_second_query_of_the_page_has_no_parameters_and_gets_all(page_of: PageOf) -> None:
    for index in range(12):
        make_stage(make_project(f"p{index:02}"))
    page = page_of(make_operator("admin"))

    listed = page.get(PROJECTS)

    assert len(listed["items"]) == listed["total"] == 12
