"""The stream of changes: nothing is missed, nothing of others is told."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Set as AbstractSet

import pytest
from django.test import Client
from django.urls import reverse

from projects.models import Change, ChangeType, Project
from projects.services.changes import record_change
from promotions.live.hub import Hub
from promotions.live.messages import Message, Topic
from promotions.live.outbox import Batch
from promotions.portal.events import event_stream
from promotions.selectors.live import changes_after, settled_position
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
        change_type = ChangeType.MODIFIED
        self.messages.append(Message(number, project_uid, "Stage", name, uuid.uuid4(), change_type))

    def read(self, position: int | None, topics: AbstractSet[Topic]) -> Batch:
        end = len(self.messages)
        if position is None:
            return Batch(end)
        return Batch(end, tuple(self.messages[position:]))

    def missed(self, topic: Topic, *, after: int, until: int) -> list[Message]:
        return [it for it in self.messages[after:until] if it.owner_uid == topic.owner_uid]


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
        hub = Hub(outbox, interval=0.01)
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
        hub = Hub(outbox, interval=0.01)
        stream = event_stream(OURS, since=1, source=hub)
        await anext(stream)
        outbox.add(OURS, "four")
        return await asyncio.wait_for(_names(stream, 3), 5)

    assert asyncio.run(scenario()) == ["two", "three", "four"]


def test_a_page_that_leaves_is_forgotten_and_the_hub_stops_reading() -> None:
    async def scenario() -> int:
        hub = Hub(Outbox(), interval=0.01)
        stream = event_stream(OURS, since=None, source=hub)
        await anext(stream)
        await stream.aclose()
        await asyncio.sleep(0.05)
        return hub.size

    assert asyncio.run(scenario()) == 0


def test_a_page_that_cannot_keep_up_is_let_go() -> None:
    async def scenario() -> int:
        outbox = Outbox()
        hub = Hub(outbox, interval=0.01)
        stream = event_stream(OURS, since=None, source=hub)
        await anext(stream)
        for number in range(5000):
            outbox.add(OURS, f"stage-{number}")
        await asyncio.sleep(0.1)
        return len([chunk async for chunk in stream])

    assert asyncio.run(scenario()) <= 1


@pytest.mark.django_db
def test_changes_are_read_in_order_after_a_place() -> None:
    project = make_project()
    start = settled_position()

    first, second = (_touch(project) for _ in range(2))

    assert changes_after(start) == [first, second]
    assert changes_after(first.pk) == [second]
    assert settled_position() == second.pk
    assert changes_after(second.pk) == []


def _touch(project: Project) -> Change:
    return record_change(
        project,
        change_type=ChangeType.MODIFIED,
        tenant_uid=project.tenant.uid,
        project_uid=project.uid,
    )


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
