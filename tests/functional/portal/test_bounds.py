"""Large pipelines cost no more queries than small ones, and not too much HTML."""

import hashlib
import re
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories.people import make_operator
from tests.functional.portal.scenes import many_stages

KIB = 1024
ROOT = Path(__file__).parents[3]


def _queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["portal:project", "portal:freight-list", "portal:promotion-list"])
def test_a_project_page_costs_as_many_queries_for_fifty_stages_as_for_five(
    client: Client, page: str
) -> None:
    many_stages(5, "small")
    many_stages(50, "large")
    client.force_login(make_operator())

    small = _queries(client, reverse(page, args=["small"]))
    large = _queries(client, reverse(page, args=["large"]))

    assert large == small
    assert large <= 16


@pytest.mark.django_db
def test_tenant_pages_cost_as_many_queries_for_many_projects_as_for_one(client: Client) -> None:
    many_stages(2, "one")
    client.force_login(make_operator())
    pages = [reverse("portal:home"), reverse("portal:project-list")]
    before = [_queries(client, page) for page in pages]

    for index in range(6):
        many_stages(3, f"more-{index}")

    assert [_queries(client, page) for page in pages] == before


@pytest.mark.django_db
def test_a_pipeline_of_fifty_stages_is_less_than_150_kilobytes(client: Client) -> None:
    many_stages(50)
    client.force_login(make_operator())

    html = client.get(reverse("portal:project", args=["large"])).content

    assert len(html) < 150 * KIB


def test_our_script_is_less_than_ten_kilobytes() -> None:
    assert (ROOT / "static/js/kargo.js").stat().st_size < 10 * KIB


def test_vendored_files_are_what_their_list_says() -> None:
    vendor = ROOT / "static/vendor"
    listed = dict(
        re.findall(r"\| `([^`]+\.js)` .*?`([0-9a-f]{64})`", (vendor / "README.md").read_text())
    )

    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in vendor.glob("*.js")
    }

    assert found == listed
