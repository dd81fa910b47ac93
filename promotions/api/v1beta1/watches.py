"""The frame of watches: ``?watch=true`` answers with server-sent events instead of a document."""

from collections.abc import AsyncGenerator
from functools import partial
from uuid import UUID

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from common.errors import PlatformError
from common.request_thread import let_go_of_thread
from common.rest.requests import bad_request
from projects.models import Project
from projects.rest import TenantView
from promotions.live.again import unseen
from promotions.live.documents import current_documents
from promotions.live.watching import Admission, Start, Watch, follow, follow_alone
from promotions.selectors.live import settled_position
from rbac.rest.authentication import bearer_in
from rbac.tokens import expiry_of

_LONGEST_NUMBER = 18
_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


def stream(view: TenantView, watch: Watch, *, since: int = 0) -> StreamingHttpResponse:
    """Answer with what is there and then with every change; or with changes ``since``.

    The view's access is asked for again while the stream lasts.
    """
    raw: HttpRequest = view.request._request  # noqa: SLF001 -- DRF has no other name for it
    start = Start(since) if since else _start(watch)
    admission = Admission(
        partial(is_still_allowed, view, raw),
        tenant_uid=view.tenant.uid,
        expires_at=expiry_of(bearer_in(view.request)),
    )
    events = _on_loop if isinstance(raw, ASGIRequest) else follow_alone
    response = StreamingHttpResponse(
        events(watch, start, admission=admission),
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
    raw = unseen(request)
    again.setup(raw, **view.kwargs)
    try:
        again.check_permissions(again.initialize_request(raw, **view.kwargs))
    except (APIException, PlatformError):
        return False
    return _place(again) == _place(view)


async def _on_loop(
    watch: Watch, start: Start, *, admission: Admission
) -> AsyncGenerator[bytes, None]:
    await let_go_of_thread()
    async for chunk in follow(watch, start, admission=admission):
        yield chunk


def _start(watch: Watch) -> Start:
    position = settled_position()
    found = (it for it in current_documents(watch.topic) if watch.matches(it))
    return Start(position, [it.added for it in found])


def _place(view: TenantView) -> tuple[UUID, UUID | None]:
    project: Project | None = getattr(view, "project", None)
    return view.tenant.uid, project.uid if project else None
