"""The frame of watches: ``?watch=true`` answers with server-sent events instead of a document."""

import copy
from collections.abc import AsyncGenerator, Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.functional import SimpleLazyObject
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from common.errors import PlatformError
from common.request_thread import let_go_of_thread
from common.rest.requests import bad_request
from projects.models import Project
from projects.rest import TenantView
from promotions.live.documents import current_documents
from promotions.live.watching import Start, Watch, follow, follow_alone
from promotions.selectors.live import settled_position

_LONGEST_NUMBER = 18
_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


def stream(view: TenantView, watch: Watch, *, since: int = 0) -> StreamingHttpResponse:
    """Answer with what is there and then with every change; or with changes ``since``.

    The view's access is asked for again while the stream lasts.
    """
    raw: HttpRequest = view.request._request  # noqa: SLF001 -- DRF has no other name for it
    start = Start(since) if since else _start(watch)
    is_allowed = partial(is_still_allowed, view, raw)
    events = _on_loop if isinstance(raw, ASGIRequest) else follow_alone
    response = StreamingHttpResponse(
        events(watch, start, is_allowed=is_allowed),
        content_type="text/event-stream",
        headers=_HEADERS,
    )
    if not raw.META.get("SERVER_SOFTWARE"):  # WSGI servers name themselves, and say it or not
        response["Connection"] = "keep-alive"
    return response


def position_of(request: Request) -> int:
    """Return the ``resourceVersion`` to go on from; 0 for none, which starts with what is there.

    Raises:
        InvalidError: It is none of ours.
    """
    text = request.query_params.get("resourceVersion") or "0"
    if not text.isascii() or not text.isdigit() or len(text) > _LONGEST_NUMBER:
        raise bad_request('"resourceVersion" must be what a list gave, a whole number')
    return int(text)


def is_still_allowed(view: TenantView, request: HttpRequest) -> bool:
    """Return whether a request would be let in now, to the same tenant and project as it was.

    Token or session, roles, and the names in the address are all looked at anew.
    """
    again = type(view)()
    raw = _unseen(request)
    again.setup(raw, **view.kwargs)
    try:
        again.check_permissions(again.initialize_request(raw, **view.kwargs))
    except (APIException, PlatformError):
        return False
    return _place(again) == _place(view)


async def _on_loop(
    watch: Watch, start: Start, *, is_allowed: Callable[[], bool]
) -> AsyncGenerator[bytes, None]:
    await let_go_of_thread()
    async for chunk in follow(watch, start, is_allowed=is_allowed):
        yield chunk


def _start(watch: Watch) -> Start:
    position = settled_position()
    found = (it for it in current_documents(watch.topic) if watch.matches(it))
    return Start(position, [it.added for it in found])


def _place(view: TenantView) -> tuple[UUID, UUID | None]:
    project: Project | None = getattr(view, "project", None)
    return view.tenant.uid, project.uid if project else None


def _unseen(request: HttpRequest) -> HttpRequest:
    """Return a copy of a request that remembers nothing of who made it."""
    raw = copy.copy(request)
    facts: dict[str, Any] = vars(raw)
    for name in ("_cached_user", "_acached_user"):
        facts.pop(name, None)
    if "session" in facts:
        facts["session"] = type(raw.session)(raw.session.session_key)
        facts["user"] = SimpleLazyObject(lambda: get_user(raw))
    return raw
