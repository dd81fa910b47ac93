"""The stream of changes: nothing is missed, nothing of others is told."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator

import pytest
from django.test import Client
from django.urls import reverse

from projects.models import ChangeType
from projects.services.changes import record_change
from promotions.portal.events import event_stream
from promotions.portal.hub import Batch, Hub, Message
from promotions.selectors.live import Cursor, changes_after, newest_cursor
from tests.factories.domain import make_project
from tests.factories.people import make_admin
from tests.functional.portal.scenes import ordinary

OURS = uuid.uuid4()
THEIRS = uuid.uuid4()


class Outbox:
    """An outbox in memory, read as the hub reads the real one."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def add(self, project_uid: uuid.UUID, name: str) -> None:
        number = len(self.messages) + 1
        self.messages.append(Message(Cursor(0, number), project_uid, "Stage", name, number))

    def read(self, cursor: Cursor | None) -> Batch:
        end = self.messages[-1].cursor if self.messages else Cursor()
        if cursor is None:
            return Batch((), end)
        return Batch(tuple(it for it in self.messages if it.cursor > cursor), max(end, cursor))


async def _names(stream: AsyncIterator[bytes], count: int) -> list[str]:
    found: list[str] = []
    async for chunk in stream:
        if b"event: change" in chunk:
            found.append(json.loads(chunk.split(b"data: ")[1])["name"])
        if len(found) == count:
            break
    return found


def test_a_page_hears_of_its_project_only_and_in_order() -> None:
    async def scenario() -> list[str]:
        outbox = Outbox()
        hub = Hub(outbox.read, interval=0.01)
        stream = event_stream(OURS, since=None, source=hub)
        await anext(stream)
        for project, name in ((OURS, "test"), (THEIRS, "secret"), (OURS, "uat")):
            outbox.add(project, name)
        return await asyncio.wait_for(_names(stream, 2), 5)

    assert asyncio.run(scenario()) == ["test", "uat"]


def test_a_page_that_comes_back_hears_what_it_missed_once() -> None:
    async def scenario() -> list[str]:
        outbox = Outbox()
        for name in ("one", "two", "three"):
            outbox.add(OURS, name)
        hub = Hub(outbox.read, interval=0.01)
        stream = event_stream(OURS, since=Cursor(0, 1), source=hub)
        await anext(stream)
        outbox.add(OURS, "four")
        return await asyncio.wait_for(_names(stream, 3), 5)

    assert asyncio.run(scenario()) == ["two", "three", "four"]


def test_a_page_that_leaves_is_forgotten_and_the_hub_stops_reading() -> None:
    async def scenario() -> int:
        hub = Hub(Outbox().read, interval=0.01)
        stream = event_stream(OURS, since=None, source=hub)
        await anext(stream)
        await stream.aclose()
        await asyncio.sleep(0.05)
        return hub.size

    assert asyncio.run(scenario()) == 0


def test_a_page_that_cannot_keep_up_is_let_go() -> None:
    async def scenario() -> int:
        outbox = Outbox()
        hub = Hub(outbox.read, interval=0.01)
        stream = event_stream(OURS, since=None, source=hub)
        await anext(stream)
        for number in range(500):
            outbox.add(OURS, f"stage-{number}")
        await asyncio.sleep(0.1)
        return len([chunk async for chunk in stream])

    assert asyncio.run(scenario()) <= 1


@pytest.mark.django_db
def test_changes_are_read_in_order_after_a_place() -> None:
    project = make_project()
    first, second = (
        record_change(
            project,
            change_type=ChangeType.MODIFIED,
            tenant_uid=project.tenant.uid,
            project_uid=project.uid,
        )
        for _ in range(2)
    )

    place = Cursor(transaction=first.transaction or 0, id=first.pk)

    assert Cursor.parse(str(place)) == place
    assert set(changes_after(place)) <= {second}
    assert newest_cursor() >= Cursor()


@pytest.mark.django_db
def test_the_stream_is_an_event_stream_that_no_proxy_keeps(client: Client) -> None:
    scene = ordinary()
    client.force_login(make_admin(scene.project))

    response = client.get(
        reverse("portal:events", args=["shop"]), headers={"Last-Event-ID": "nonsense"}
    )

    assert response["Content-Type"] == "text/event-stream"
    assert response["Cache-Control"] == "no-store"
    assert response["X-Accel-Buffering"] == "no"
