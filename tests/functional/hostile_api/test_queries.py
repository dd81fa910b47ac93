"""Addresses and queries that nobody means well with: an answer in JSON, soon, and never a 5xx."""

import time
from typing import Any

import pytest
from django.test import Client

from tests.functional.hostile_api.arena import Arena
from tests.functional.hostile_api.bombs import odd_names

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

T = "/t/acme/v1beta1"
P = f"{T}/projects/demo"
MANY_UIDS = ",".join(f"00000000-0000-4000-8000-{number:012x}" for number in range(10_000))
MANY = ",".join(f"name-{number}" for number in range(10_000))
NUMBERS = ("-1", "1e9", "NaN", "inf", "9" * 4000, "0x10", "\uff11", "1.5", "", " 1", "1;2", "null")
MOST_SECONDS = 2.0


def get(client: Client, path: str) -> Any:
    began = time.process_time()
    answer = client.get(path)
    spent = time.process_time() - began
    assert answer.status_code < 500 or answer.status_code == 501, (path[:200], answer.content[:500])
    assert spent < MOST_SECONDS, (path[:200], spent)
    if not answer.streaming and answer.content:
        assert answer.headers["Content-Type"] == "application/json", (
            path[:200],
            answer.content[:200],
        )
        assert b"Traceback" not in answer.content
    return answer


def test_long_lists_in_queries_find_nothing_of_others(arena: Arena) -> None:
    theirs = str(arena.elsewhere.project.uid)

    assert get(arena.tenant_admin, f"{T}/projects?uid={MANY_UIDS}").json()["items"] == []
    assert get(arena.tenant_admin, f"{T}/projects?uid={theirs}").json()["items"] == []
    assert get(arena.admin, f"{P}/stages?freightOrigins={MANY}").json()["items"] == []
    assert get(arena.admin, f"{P}/freight?origins={MANY}").json()["groups"] == {"": {"items": []}}
    for key in ("uid", "mine", "filter", "page"):
        query = "&".join([f"{key}=x"] * 1500)
        assert get(arena.admin, f"{T}/projects?{query}").status_code == 400


@pytest.mark.parametrize("number", NUMBERS)
def test_odd_numbers_are_refused_or_mean_nothing(arena: Arena, number: str) -> None:
    for path in (
        f"{T}/projects?pageSize={number}",
        f"{T}/projects?pageSize=10&page={number}",
        f"{P}/stages?watch=true&resourceVersion={number}",
        f"/t/acme/api/v1/projects/demo/audit-events?limit={number}",
        f"/t/acme/api/v1/projects/demo/audit-events?before={number}",
        f"/t/acme/api/v1/projects/demo/members?limit={number}",
    ):
        assert get(arena.admin, path).status_code in {200, 400}


def test_odd_choices_are_refused(arena: Arena) -> None:
    for query in ("groupBy=project__tenant", "orderBy=pk", "orderBy=?", "group=x", "orderBy=tag"):
        assert get(arena.admin, f"{P}/freight?{query}").status_code == 400
    for query in ("stage=../prod", "stage=%00", "stage[]=a", "filter=%27%20OR%201=1", "filter=%25"):
        assert get(arena.admin, f"{P}/freight?{query}").status_code in {200, 400, 404}


@pytest.mark.parametrize("name", list(odd_names()), ids=lambda it: f"{len(it)} {ascii(it)[:20]}")
def test_odd_names_name_nothing(arena: Arena, name: str) -> None:
    from urllib.parse import quote  # noqa: PLC0415

    for written in {quote(name, safe=""), quote(name), quote(quote(name, safe=""), safe="")}:
        for path in (
            f"{T}/projects/{written}",
            f"{T}/projects/{written}/stages",
            f"{P}/stages/{written}",
            f"{P}/freight/{written}",
            f"{P}/promotions/{written}",
            f"{P}/roles/{written}",
            f"{P}/generic-credentials/{written}",
        ):
            answer = get(arena.admin, path)
            assert answer.status_code in {301, 400, 403, 404}, (path, answer.content[:200])
        assert arena.admin.get(f"/t/{written}/v1beta1/projects").status_code in {301, 404}


@pytest.mark.parametrize(
    "rest",
    ["%00", "a%00b", "%2e%2e/%2e%2e/side", "..%2fside", "%c0%ae%c0%ae", "%ff", "%ed%a0%80", "%"],
)
def test_odd_segments_lead_nowhere(arena: Arena, rest: str) -> None:
    for path in (f"{P}/stages/{rest}", f"{T}/projects/{rest}", f"{P}/freight/{rest}/links"):
        assert get(arena.admin, path).status_code in {301, 400, 403, 404}


def test_streams_go_on_from_no_place_of_others(arena: Arena) -> None:
    """A position of another tenant's list is only a number: what follows is one's own."""
    theirs = get(arena.operator, "/t/elsewhere/v1beta1/projects/demo/stages").json()
    version = theirs["metadata"]["resourceVersion"]

    for path in (f"{P}/stages", f"{P}/promotions", f"{P}/freight", f"{P}/warehouses"):
        answer = arena.admin.get(f"{path}?watch=true&resourceVersion={version}")
        assert answer.status_code == 200
        answer._iterator.close()  # type: ignore[attr-defined] # Django's own name for it
