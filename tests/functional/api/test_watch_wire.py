"""Watches over real connections to a real server: many of them, slow ones, and their ends."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

import httpx
import psutil  # type: ignore[import-untyped]  # its stubs are not installed
import pytest
from asgiref.sync import sync_to_async
from django.db import connection, connections, transaction

from common.clock import now
from projects.models import ChangeType, Project
from projects.services.changes import record_change
from promotions.models import Stage
from rbac.actors import operator_at_console
from rbac.models import Membership, User
from rbac.services import issue_token
from tests.factories.domain import make_project, make_stage
from tests.factories.people import make_viewer
from tests.functional.api.wire import Server, serving, watching

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

T = TypeVar("T")

STAGES = "/v1beta1/projects/demo/stages"
MANY = 100


@pytest.fixture
def project(transactional_db: None) -> Project:
    return make_project()


@pytest.fixture
def token(project: Project) -> str:
    return _token_of(make_viewer(project))


@pytest.fixture
def server(project: Project) -> Iterator[Server]:
    with serving(KARGO_WATCH_CHECK_SECONDS="2") as running:
        yield running


def _token_of(user: User) -> str:
    _token, plaintext = issue_token(
        user,
        name="tests",
        tenant_uid=None,
        expires_at=None,
        actor=operator_at_console("tests"),
        now=now(),
    )
    return plaintext


def _touch(stage: Stage) -> None:
    record_change(
        stage,
        change_type=ChangeType.MODIFIED,
        tenant_uid=stage.project.tenant.uid,
        project_uid=stage.project.uid,
    )


touch = sync_to_async(_touch)


def run(scenario: Coroutine[Any, Any, T]) -> T:
    """Run a scenario; the database connection of its thread does not outlive it."""

    async def closing() -> T:
        try:
            return await scenario
        finally:
            await sync_to_async(connections.close_all)()

    return asyncio.run(closing())


def test_many_watch_and_all_hear_everything_at_the_cost_of_none_each(
    server: Server, project: Project, token: str
) -> None:
    stages = [make_stage(project, f"stage-{number}") for number in range(5)]

    async def watch(connected: asyncio.Barrier) -> tuple[int, dict[str, str], list[Any]]:
        async with watching(server, f"{STAGES}?watch=true", token) as stream:
            seed = await stream.take(5)
            await connected.wait()
            return stream.status, stream.headers, seed + await stream.take(5)

    async def scenario() -> tuple[list[Any], int, int]:
        connected = asyncio.Barrier(MANY + 1)
        clients = [asyncio.create_task(watch(connected)) for _ in range(MANY)]
        async with asyncio.timeout(60):
            await connected.wait()
        threads, kept = server.usage.num_threads(), await sync_to_async(_connections)(server)
        for stage in stages:
            await touch(stage)
        return await asyncio.gather(*clients), threads, kept

    heard, threads, kept = run(scenario())

    for status, headers, events in heard:
        assert status == 200
        assert headers["content-type"] == "text/event-stream"
        assert headers["cache-control"] == "no-cache"
        assert headers["connection"] == "keep-alive"
        assert headers["x-accel-buffering"] == "no"
        assert [it.says for it in events[:5]] == [("ADDED", it.name) for it in stages]
        assert [it.says for it in events[5:]] == [("MODIFIED", it.name) for it in stages]
    assert threads < 40
    assert kept < 10


def _connections(server: Server) -> int:
    """Return how many connections to the database the server has."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            return int(cursor.fetchone()[0])
    return 0  # SQLite keeps files open, for others, that were closed


def test_who_leaves_is_forgotten(server: Server, project: Project, token: str) -> None:
    stage = make_stage(project, "test")

    async def scenario() -> tuple[int, list[Any]]:
        for _ in range(20):
            async with watching(server, f"{STAGES}?watch=true", token) as stream:
                await stream.take(1)
        async with watching(server, f"{STAGES}?watch=true", token) as stream:
            await stream.take(1)
            await touch(stage)
            news = await stream.take(1)
            return _open_sockets(server), news

    sockets, news = run(scenario())

    assert [it.says for it in news] == [("MODIFIED", "test")]
    assert sockets <= 2


def _open_sockets(server: Server) -> int:
    open_ones = server.usage.net_connections("tcp")
    return sum(it.status == psutil.CONN_ESTABLISHED for it in open_ones)


def test_who_does_not_keep_up_is_told_to_start_anew_and_nobody_else_waits(
    server: Server, project: Project, token: str
) -> None:
    spec = make_stage(project, "small").spec
    heavy = [
        make_stage(project, f"heavy-{number}", annotations={"note": "x" * 400_000})
        for number in range(50)
    ]
    place = f"{STAGES}?watch=true&freightOrigins=other"
    Stage.objects.filter(pk__in=[it.pk for it in heavy]).update(
        spec={**spec, "requestedFreight": _origin("other")}
    )

    async def scenario() -> tuple[list[Any], list[Any]]:
        async with (
            watching(server, place, token, buffer_bytes=1 << 12) as slow,
            watching(server, place, token) as quick,
        ):
            await quick.take(len(heavy))
            listening = asyncio.create_task(quick.take(4 * len(heavy)))
            await slow.take(len(heavy))
            for _ in range(4):
                for stage in heavy:
                    await touch(stage)
                await asyncio.sleep(3)
            return await listening, await slow.rest()

    heard, before_the_end = run(scenario())

    assert len(heard) == 4 * len(heavy)
    assert before_the_end[-1].document["code"] == "out_of_range"
    assert len(before_the_end) < 4 * len(heavy)


def _origin(name: str) -> list[Any]:
    return [{"origin": {"kind": "Warehouse", "name": name}, "sources": {"direct": True}}]


def test_a_watch_ends_as_it_should_when_access_is_taken_away(
    server: Server, project: Project, token: str
) -> None:
    make_stage(project, "test")
    other = _token_of(make_viewer(project, "dora"))

    async def scenario() -> tuple[list[Any], int, int]:
        async with (
            watching(server, f"{STAGES}/test?watch=true", token) as stream,
            watching(server, f"{STAGES}/test?watch=true", other) as kept,
        ):
            await stream.take(1)
            await kept.take(1)
            await sync_to_async(Membership.objects.filter(user__username="bob").delete)()
            rest = await stream.rest()
            still = kept.is_over
        async with watching(server, f"{STAGES}/test?watch=true", token) as refused:
            return rest, still, refused.status

    assert run(scenario()) == ([], False, 404)


def test_watches_end_when_the_server_stops(server: Server, project: Project, token: str) -> None:
    make_stage(project, "test")

    async def scenario() -> tuple[list[Any], float]:
        async with watching(server, f"{STAGES}?watch=true", token) as stream:
            await stream.take(1)
            stopping = asyncio.create_task(asyncio.to_thread(server.stop))
            return await stream.rest(), await stopping

    rest, seconds = run(scenario())

    assert [it.document["code"] for it in rest] == ["out_of_range"]
    assert seconds < 15


def test_a_change_that_commits_after_the_list_was_read_is_not_missed(
    server: Server, project: Project, token: str
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite runs one writing transaction at a time")
    late, early = make_stage(project, "late"), make_stage(project, "early")
    _touch(early)
    has_written, may_commit = threading.Event(), threading.Event()
    slow = threading.Thread(target=_write_slowly, args=(late, has_written, may_commit))
    slow.start()
    has_written.wait(10)
    _touch(early)
    with httpx.Client(headers={"Authorization": f"Bearer {token}"}) as client:
        document = client.get(f"http://127.0.0.1:{server.port}{STAGES}").json()
    place = document["metadata"]["resourceVersion"]

    async def scenario() -> list[Any]:
        path = f"{STAGES}?watch=true&resourceVersion={place}"
        async with watching(server, path, token) as stream:
            may_commit.set()
            return await stream.take(2)

    heard = run(scenario())
    slow.join(10)

    assert {it.says for it in heard} == {("MODIFIED", "early"), ("MODIFIED", "late")}
    assert all(int(it.object["metadata"]["resourceVersion"]) > int(place) for it in heard)


def _write_slowly(stage: Stage, has_written: threading.Event, may_commit: threading.Event) -> None:
    try:
        with transaction.atomic():
            _touch(stage)
            has_written.set()
            may_commit.wait(10)
    finally:
        connections.close_all()
