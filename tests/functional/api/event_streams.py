"""Reads watches as strictly as Kargo's two clients, and refuses what either would misread."""

import json
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.test import Client

from common.models import Resource
from projects.models import Change, ChangeType
from projects.services.changes import record_change

LONGEST_LINE = 1 << 20
"""The command line's scanner gives up on longer lines."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event; ``name`` is empty for changes."""

    document: dict[str, Any]
    name: str = ""

    @property
    def type(self) -> str:
        return str(self.document["type"])

    @property
    def object(self) -> dict[str, Any]:
        found: dict[str, Any] = self.document["object"]
        return found

    @property
    def says(self) -> tuple[str, str]:
        """The type, and the name of the object."""
        return self.type, self.object["metadata"]["name"]


class EventParser:
    """Makes events of pieces of a stream; ``comments`` counts those that were passed over."""

    def __init__(self) -> None:
        self.comments = 0
        self._rest = b""
        self._name = ""
        self._data = b""

    def feed(self, chunk: bytes) -> list[Event]:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        assert len(self._rest) < LONGEST_LINE
        return [event for line in lines for event in self._line(line)]

    def close(self) -> None:
        assert self._rest + self._data == b"", "the stream ended within an event"

    def _line(self, line: bytes) -> list[Event]:
        assert len(line) < LONGEST_LINE
        assert b"\r" not in line
        match line.partition(b": "):
            case (b"", b"", _):
                return self._end()
            case (b"", b": ", comment) if comment:
                self.comments += 1
            case (b"event", b": ", b"error"):
                self._name = "error"
            case (b"data", b": ", text):
                assert not self._data, "clients read only the first line of data"
                self._data = text
            case _:
                raise AssertionError(line)
        return []

    def _end(self) -> list[Event]:
        name, data, self._name, self._data = self._name, self._data, "", b""
        return [Event(json.loads(data), name)] if data else []


class EventReader:
    """Events of a stream, in order."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._parser = EventParser()
        self._events: deque[Event] = deque()

    @property
    def comments(self) -> int:
        return self._parser.comments

    def take(self, count: int) -> list[Event]:
        return [next(self) for _ in range(count)]

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        while not self._events:
            chunk = next(self._chunks, None)
            if chunk is None:
                self._parser.close()
                raise StopIteration
            self._events.extend(self._parser.feed(chunk))
        return self._events.popleft()


@contextmanager
def following(client: Client, path: str) -> Iterator[EventReader]:
    """Watch through Django's test client; what is read waits for it: read no more than there is."""
    joint = "&" if "?" in path else "?"
    response: Any = client.get(f"{path}{joint}watch=true", headers={"Accept": "text/event-stream"})
    assert response.status_code == 200, response.content
    chunks = response._iterator  # what can be closed without closing the test's own connection
    try:
        yield EventReader(chunks)
    finally:
        chunks.close()


def touch(resource: Resource, change_type: ChangeType = ChangeType.MODIFIED) -> Change:
    project = getattr(resource, "project", None)
    tenant = project.tenant if project else resource.tenant  # type: ignore[attr-defined] # a ClusterConfig has one
    return record_change(
        resource,
        change_type=change_type,
        tenant_uid=tenant.uid,
        project_uid=project.uid if project else None,
    )
