"""The audit over the native API: paged, filtered, streamed, and only of what one may see."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, cast
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from django.test import AsyncClient, Client

from promotions.services.stages import refresh_stage
from rbac.actors import operator_at_console
from rbac.audit import Act, record
from tests.factories.domain import NOON, make_tenant
from tests.functional.api.conftest import Scene

pytestmark = pytest.mark.django_db

ALL = "/api/v1/audit-events"
OF_DEMO = "/api/v1/projects/demo/audit-events"


@pytest.fixture(autouse=True)
def _acts(scene: Scene) -> None:
    """Twelve acts on stages, a minute apart, of two people; and one of another tenant."""
    elsewhere = make_tenant("elsewhere")
    for number in range(12):
        act = Act(
            action="stage.update" if number % 2 else "stage.refresh",
            kind="Stage",
            tenant_uid=scene.project.tenant.uid,
            project_uid=scene.project.uid if number < 8 else uuid4(),
            object_uid=scene.test.uid,
            object_name="test" if number % 3 else "prod",
            reason=f"reason {number}",
            before={"n": number},
            after={"n": 10**30},
        )
        actor = operator_at_console("ann" if number < 6 else "ben")
        record(act, actor=actor, at=NOON + timedelta(minutes=number))
    secret = Act(action="stage.update", kind="Stage", tenant_uid=elsewhere.uid)
    record(secret, actor=operator_at_console("x"), at=NOON)


def get(client: Client, address: str, status: int = 200, **query: Any) -> dict[str, Any]:
    response = client.get(address, query)
    assert response.status_code == status, response.content
    return cast("dict[str, Any]", response.json())


def reasons(document: dict[str, Any]) -> list[int]:
    return [int(item["reason"].split()[1]) for item in document["items"] if item["reason"]]


def test_a_project_admin_sees_the_projects_newest_first(alice: Client) -> None:
    page = get(alice, OF_DEMO)

    assert reasons(page) == [7, 6, 5, 4, 3, 2, 1, 0]
    assert page["before"] is None
    assert page["items"][0]["after"] == {"n": 10**30}
    assert page["items"][0]["actor"] == "operator:ben"


def test_pages_follow_each_other(alice: Client) -> None:
    first = get(alice, OF_DEMO, limit=5)
    second = get(alice, OF_DEMO, limit=5, before=first["before"])

    assert reasons(first) == [7, 6, 5, 4, 3]
    assert reasons(second) == [2, 1, 0]
    assert second["before"] is None


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"actor": "operator:ann"}, [5, 4, 3, 2, 1, 0]),
        ({"actor": "operator:ben", "action": "stage.update"}, [11, 9, 7]),
        ({"kind": "Project"}, []),
        ({"object": "prod"}, [9, 6, 3, 0]),
        ({"project": "demo"}, [7, 6, 5, 4, 3, 2, 1, 0]),
        ({"since": "2026-06-01T12:10:00Z"}, [11, 10]),
        ({"until": "2026-06-01T12:01:00"}, [1, 0]),
        ({"since": "2026-06-01T14:03:00+02:00", "until": "2026-06-01T12:04:00Z"}, [4, 3]),
    ],
)
def test_events_are_filtered(operator: Client, query: dict[str, str], expected: list[int]) -> None:
    found = operator.get(ALL, query).json()

    assert reasons(found) == expected


def test_an_object_is_found_by_its_uid(operator: Client, scene: Scene) -> None:
    assert len(reasons(get(operator, ALL, object=scene.test.uid))) == 12


@pytest.mark.parametrize(
    "query",
    [
        {"since": "soon"},
        {"until": "0001-01-01T00:00:00+23:59"},
        {"limit": "1001"},
        {"limit": "-1"},
        {"before": "x"},
        {"after": "99999999999999"},
    ],
)
def test_what_makes_no_sense_is_refused(operator: Client, query: dict[str, str]) -> None:
    headers = {"Accept": "application/x-ndjson"} if "after" in query else {}

    response = operator.get(ALL, query, headers=headers)

    assert response.status_code == 400
    assert "error" in response.json()


def test_only_who_may_see_it_does(
    alice: Client, bob: Client, charlie: Client, client: Client
) -> None:
    assert client.get(ALL).status_code == 401
    assert client.get(OF_DEMO).status_code == 401
    assert bob.get(OF_DEMO).status_code == 403
    assert bob.get(ALL).status_code == 403
    assert alice.get(ALL).status_code == 403
    assert charlie.get(OF_DEMO).status_code == 404
    assert charlie.get("/t/elsewhere/api/v1/projects/demo/audit-events").status_code == 404
    assert get(charlie, "/t/elsewhere/api/v1/audit-events")["items"][0]["actor"] == "operator:x"
    assert alice.get("/t/elsewhere/api/v1/audit-events").status_code == 404


def test_json_lines_are_streamed_oldest_first(alice: Client) -> None:
    headers = {"Accept": "application/x-ndjson"}

    response = alice.get(OF_DEMO, {"after": 4}, headers=headers)
    lines = b"".join(cast("Any", response).streaming_content).splitlines()

    assert response["Content-Type"] == "application/x-ndjson"
    sequences = [json.loads(line)["sequence"] for line in lines]
    assert sequences == sorted(sequences)
    assert len(lines) < 8


@pytest.mark.django_db(transaction=True)
def test_they_are_streamed_by_an_asynchronous_server_too(alice: Client) -> None:
    async def lines() -> list[bytes]:
        token = alice.defaults["HTTP_AUTHORIZATION"]
        headers = {"Accept": "application/x-ndjson", "Authorization": token}
        response = await AsyncClient().get(OF_DEMO, headers=headers)
        assert response.status_code == 200, response.content
        content = cast("AsyncIterator[bytes]", cast("Any", response).streaming_content)
        pieces = [piece async for piece in content]
        await sync_to_async(connections.close_all)()  # those of the thread that read them
        return b"".join(pieces).splitlines()

    assert len(asyncio.run(lines())) == 8


def test_a_page_takes_as_many_queries_for_many_as_for_few(
    alice: Client, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(12):
        get(alice, OF_DEMO)


def test_an_act_over_the_api_keeps_its_reason_and_address(scene: Scene, alice: Client) -> None:
    response = alice.post(
        "/v1beta1/projects/demo/stages/test/refresh",
        headers={"X-Kargo-Reason": "looks stale"},
        REMOTE_ADDR="203.0.113.7",
    )

    assert response.status_code == 200, response.content
    event = get(alice, OF_DEMO, limit=1)["items"][0]
    assert event["action"] == "stage.refresh"
    assert event["reason"] == "looks stale"
    assert event["address"] == "203.0.113.7"


def test_a_reason_that_is_too_long_is_refused_before_anything_is_done(alice: Client) -> None:
    before = get(alice, OF_DEMO)

    response = alice.post(
        "/v1beta1/projects/demo/stages/test/refresh", headers={"X-Kargo-Reason": "x" * 1001}
    )

    assert response.status_code == 400
    assert get(alice, OF_DEMO) == before


def test_a_service_records_without_a_request(scene: Scene, alice: Client) -> None:
    refresh_stage(scene.test, actor=operator_at_console("ann"), now=NOON)

    assert get(alice, OF_DEMO, limit=1)["items"][0]["action"] == "stage.refresh"
