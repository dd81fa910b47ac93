"""Kargo's web UI: what somebody with few rights can still open, and what only shows a toast."""

import pytest

from promotions.models import Promotion
from tests.compat.web_ui.conftest import PageOf
from tests.compat.web_ui.page import Page
from tests.factories.people import make_person, make_promoter, make_viewer
from tests.factories.rich import Rich

pytestmark = pytest.mark.django_db

P, S, H = "/v1beta1/projects/demo", "/v1beta1/system", "/v1beta1/shared"


def opened_by_the_project_page(rich: Rich) -> list[str]:
    """Return every address that the project's page and its drawers read."""
    running = Promotion.objects.get(stage=rich.test, phase="Running")
    return [
        *(f"{S}/server-config", f"{S}/controller-heartbeats", f"{S}/server-version"),
        *(P, f"{P}/images", f"{P}/warehouses", f"{P}/freight", f"{P}/stages", f"{P}/events"),
        *(f"{P}/warehouses/main", f"{P}/stages/test", f"{P}/stages/test/links"),
        *(f"{P}/promotions", f"{P}/promotions/{running.name}"),
        *(f"{P}/freight/{rich.held.alias}", f"{P}/freight/{rich.held.alias}/links"),
        *(f"{P}/analysis-templates", f"{P}/config", f"{P}/configmaps", f"{P}/roles"),
    ]


@pytest.fixture
def viewer(rich: Rich, page_of: PageOf) -> Page:
    return page_of(make_viewer(rich.project))


def test_a_viewer_opens_the_project_page_and_its_drawers_without_a_toast(
    viewer: Page, rich: Rich
) -> None:
    refused = [
        (path, answer.toast)
        for path in opened_by_the_project_page(rich)
        if (answer := viewer.send("GET", path)).status != 200
    ]

    assert refused == []


@pytest.mark.parametrize(
    "path", ["promotion-tasks", "repo-credentials", "generic-credentials", "api-tokens"]
)
def test_a_viewer_finds_some_of_the_settings_closed(viewer: Page, path: str) -> None:
    answer = viewer.send("GET", f"{P}/{path}")

    assert answer.status == 403
    assert "list is not permitted" in answer.toast


def test_a_viewer_who_tries_to_act_gets_a_toast_and_stays_signed_in(
    viewer: Page, rich: Rich
) -> None:
    answers = [
        viewer.send("POST", f"{P}/stages/test/promotions", {"freight": rich.spare.name}),
        viewer.send("POST", f"{P}/promotions/{rich.waiting.name}/abort"),
        viewer.send("POST", f"{P}/freight/{rich.spare.name}/approve", query={"stage": "prod"}),
        viewer.send("DELETE", f"{P}/warehouses/main"),
        viewer.manifests("PUT", viewer.get(f"{P}/stages/test")),
    ]

    assert [it.status for it in answers] == [403] * len(answers)
    assert all("forbidden" in it.toast for it in answers)


def test_a_promoter_promotes_from_the_page(rich: Rich, page_of: PageOf) -> None:
    page = page_of(make_promoter(rich.project))

    promoted = page.act("POST", f"{P}/stages/test/promotions", {"freight": rich.spare.name})

    assert page.get(f"{P}/promotions/{promoted['metadata']['name']}")


def test_who_has_no_role_yet_sees_an_empty_list_and_signs_nobody_out(
    rich: Rich, page_of: PageOf
) -> None:
    page = page_of(make_person("newcomer"))

    answer = page.send("GET", "/v1beta1/projects", query={"pageSize": 10, "page": 0, "filter": ""})

    assert not answer.is_signed_out
    assert answer.data == {"items": [], "total": 0}
