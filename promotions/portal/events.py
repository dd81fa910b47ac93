"""A project's stream of server-sent events: which object changed, and to what version."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from uuid import UUID

from django.http import HttpRequest, StreamingHttpResponse

from common.errors import InvalidError
from projects.web import ProjectMixin
from promotions.portal.hub import Hub, Message, hub
from promotions.selectors.live import Cursor

KEEP_ALIVE_SECONDS = 15.0
LIFE_SECONDS = 600.0
"""A stream ends after this long; the browser comes back, and its access is asked about again."""

RETRY_MILLISECONDS = 2000


class ProjectEvents(ProjectMixin):
    access_resource = "stages"
    access_verb = "watch"

    def get(self, request: HttpRequest, **_: object) -> StreamingHttpResponse:
        since = _cursor(request.headers.get("Last-Event-ID", ""))
        return StreamingHttpResponse(
            event_stream(self.project.uid, since=since),
            content_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )


async def event_stream(
    project_uid: UUID, *, since: Cursor | None, source: Hub = hub, life: float = LIFE_SECONDS
) -> AsyncGenerator[bytes, None]:
    """Yield events: first what was missed ``since``, then changes as they are committed.

    The first batch of each connection says where the stream stands, so that a browser that loses
    its connection before anything happened misses nothing either.
    """
    ends_at = time.monotonic() + life
    async with source.listen(project_uid) as listener:
        missed = await source.read(since)
        yield _ready(missed.cursor)
        for message in missed.messages:
            if message.project_uid == project_uid:
                yield _event(message)
        while not listener.is_late and time.monotonic() < ends_at:
            try:
                message = await asyncio.wait_for(listener.queue.get(), KEEP_ALIVE_SECONDS)
            except TimeoutError:
                yield b": still here\n\n"
                continue
            if message.cursor > missed.cursor:
                yield _event(message)


def _ready(cursor: Cursor) -> bytes:
    return f"retry: {RETRY_MILLISECONDS}\nid: {cursor}\nevent: ready\ndata: {{}}\n\n".encode()


def _event(message: Message) -> bytes:
    facts = json.dumps({"kind": message.kind, "name": message.name, "version": message.version})
    return f"id: {message.cursor}\nevent: change\ndata: {facts}\n\n".encode()


def _cursor(text: str) -> Cursor | None:
    try:
        return Cursor.parse(text) if text else None
    except InvalidError:
        return None
