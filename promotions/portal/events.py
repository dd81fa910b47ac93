"""A project's stream of server-sent events: which object changed, and to what version."""

import json
import time
from collections.abc import AsyncGenerator
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, StreamingHttpResponse

from common.request_thread import let_go_of_thread
from projects.web import ProjectMixin
from promotions.live.again import unseen
from promotions.live.hub import Hub, current_hub
from promotions.live.messages import Message, Topic
from promotions.live.watching import Admission, Rhythm, may_go_on

KEEP_ALIVE_SECONDS = 15.0
LIFE_SECONDS = 600.0
"""A stream ends after this long, and the browser comes back; its access is asked for meanwhile."""

RETRY_MILLISECONDS = 2000
_LONGEST_NUMBER = 18


class ProjectEvents(ProjectMixin):
    access_resource = "stages"
    access_verb = "watch"

    def get(self, request: HttpRequest, **_: object) -> StreamingHttpResponse:
        since = _position(request.headers.get("Last-Event-ID", ""))
        admission = Admission(self._is_still_allowed, tenant_uid=self.tenant.uid)
        return StreamingHttpResponse(
            event_stream(self.project.uid, since=since, admission=admission),
            content_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    def _is_still_allowed(self) -> bool:
        """Return whether the visitor would be let in now, to the same project."""
        again = type(self)()
        again.setup(unseen(self.request), **self.kwargs)
        try:
            is_in = again.admit() is None
        except (Http404, PermissionDenied):
            return False
        return is_in and again.project.uid == self.project.uid


async def event_stream(
    project_uid: UUID,
    *,
    since: int | None,
    admission: Admission | None = None,
    source: Hub | None = None,
    life: float = LIFE_SECONDS,
) -> AsyncGenerator[bytes, None]:
    """Yield events: first what was missed ``since``, then changes as they are committed.

    The first batch of each connection says where the stream stands, so that a browser that loses
    its connection before anything happened misses nothing either.
    """
    await let_go_of_thread()
    ends_at = time.monotonic() + life
    hub = source or current_hub()
    topic, rhythm = Topic(project_uid), Rhythm()
    tenant_uid = admission.tenant_uid if admission else None
    async with hub.listen(topic, tenant_uid=tenant_uid) as listener:
        listener.doubt()  # until now nobody said what happens to access
        after = listener.position if since is None else since
        missed = await hub.missed(topic, after=after, until=listener.position)
        yield _ready(listener.position)
        for message in missed or ():
            yield _event(message)
        while not listener.is_over and time.monotonic() < ends_at:
            pause = min(KEEP_ALIVE_SECONDS, rhythm.until_check) if admission else KEEP_ALIVE_SECONDS
            messages = await listener.take(timeout=pause)
            for message in messages:
                yield _event(message)
            if not messages and not listener.is_over:
                yield b": still here\n\n"
            if admission and not await may_go_on(rhythm, listener, admission, hub=hub):
                return


def _ready(position: int) -> bytes:
    return f"retry: {RETRY_MILLISECONDS}\nid: {position}\nevent: ready\ndata: {{}}\n\n".encode()


def _event(message: Message) -> bytes:
    facts = {"kind": message.kind, "name": message.name, "version": message.position}
    return f"id: {message.position}\nevent: change\ndata: {json.dumps(facts)}\n\n".encode()


def _position(text: str) -> int | None:
    is_one = text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER
    return int(text) if is_one else None
