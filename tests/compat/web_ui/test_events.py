"""Kargo's web UI: the page of a project's events."""

import pytest

from tests.compat.web_ui.conftest import PageOf
from tests.compat.web_ui.page import Page
from tests.compat.web_ui.shapes import assert_texts, assert_times
from tests.factories.domain import make_project
from tests.factories.people import make_operator
from tests.factories.rich import Rich

pytestmark = pytest.mark.django_db


def test_a_row_has_a_name_of_its_own_a_kind_a_count_words_and_times(page: Page) -> None:
    events = page.get("/v1beta1/projects/demo/events")["items"]

    assert events
    for row in events:
        assert_texts(row, "metadata.name", "message", "reason")
        assert row["type"] in {"Normal", "Warning"}
        assert row["count"] >= 1
        assert_times(row, "firstTimestamp", "lastTimestamp")
    names = [row["metadata"]["name"] for row in events]
    assert len(set(names)) == len(names), "they are keys of the rows"
    latest = [row["lastTimestamp"] for row in events]
    assert latest == sorted(latest, reverse=True)


def test_what_is_done_on_other_pages_shows_up(page: Page, rich: Rich) -> None:
    page.act("POST", f"/v1beta1/projects/demo/freight/{rich.spare.name}/approve", stage="prod")

    newest = page.get("/v1beta1/projects/demo/events")["items"][0]

    assert newest["reason"] == "FreightApproved"
    assert rich.spare.name in newest["metadata"]["name"]


def test_a_project_without_events_has_an_empty_list(page_of: PageOf) -> None:
    make_project("bare")
    page = page_of(make_operator("admin"))

    assert page.get("/v1beta1/projects/bare/events")["items"] == []
