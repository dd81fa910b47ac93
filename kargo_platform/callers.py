"""Takes in no large body of a caller to the APIs who is nobody, and of nobody one that never ends.

Django reads a whole body before any view is asked who sends it. So whoever sends more than a little
is looked at here first; of those who show nothing that is valid, the view that refuses them gets no
body. A body that is not there in time is refused with 408.
"""

import asyncio
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib import import_module
from io import BytesIO
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import get_user
from django.core.exceptions import PermissionDenied
from django.core.handlers.asgi import ASGIRequest
from django.db import DatabaseError, close_old_connections
from rest_framework.exceptions import APIException

from common.errors import PlatformError
from kargo_platform.admission import Application, Message, Receive, Scope, Send
from rbac.actors import Actor
from rbac.models import User
from rbac.rest.views import GuardedView

SMALL_BYTES: Final = 64 << 10
"""Bodies up to this are read whoever sends them; a server's own buffers are as large."""

_LINGER_SECONDS: Final = 0.5
_LINGER_BYTES: Final = 4 << 20
"""Who is refused unread may send so much more before the connection ends: a connection that ends
while something is unread is reset, and the answer may be lost with it."""

_API = re.compile(r"/(?:t/(?P<tenant>[-\w]+)/)?(?:v1beta1|api/v1)/")
_TOO_SLOW: Final = b'{"error":"the request body did not arrive in time; send it faster, or less"}'
_CLOSE: Final = (b"connection", b"close")


def knowing_callers(
    application: Application,
    *,
    body_seconds: float,
    is_known: Callable[[Scope], bool] | None = None,
) -> Application:
    """Return the application, which gets large bodies of known callers, and none too slowly."""
    ask = is_known or is_somebody
    thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="callers")

    async def knows(scope: Scope) -> bool:
        return await asyncio.get_running_loop().run_in_executor(thread, ask, scope)

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        body = _Body(scope, receive, send, until=time.monotonic() + body_seconds)
        if _API.search(scope["path"]) and await body.is_large() and not await knows(scope):
            body.leave_out()
        await application(scope, body.receive, body.send)

    return wrapped


def is_somebody(scope: Scope) -> bool:
    """Return whether a request brings a token or a session that works."""
    close_old_connections()
    request = ASGIRequest(scope, BytesIO())
    try:
        if request.META.get("HTTP_AUTHORIZATION"):
            return _has_token(request, scope)
        return _has_session(request)
    except (APIException, PlatformError, PermissionDenied):
        return False
    except DatabaseError:
        return True  # the view finds out, and says so
    finally:
        close_old_connections()


def _has_token(request: ASGIRequest, scope: Scope) -> bool:
    view = GuardedView()
    found = _API.search(scope["path"])
    tenant = found["tenant"] if found else None
    view.kwargs = {"tenant": tenant} if tenant else {}
    return isinstance(view.initialize_request(request).auth, Actor)


def _has_session(request: ASGIRequest) -> bool:
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    if not key:
        return False
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    return isinstance(get_user(request), User)


class _Body:
    """The body of a request on its way to the application: held up, left out, or too late."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, *, until: float) -> None:
        self._receive, self._send = receive, send
        self._declared = _declared(scope)
        self._until = until
        self._held: list[Message] = []
        self._is_whole = self._is_left_out = self._is_refused = False
        self._is_answered = asyncio.Event()

    async def is_large(self) -> bool:
        """Return whether there is more than a little, holding back what was read to find out."""
        if self._declared is not None:
            return self._declared > SMALL_BYTES
        size = 0
        while not self._is_whole and size <= SMALL_BYTES:
            message = await self._next()
            self._held.append(message)
            size += len(message.get("body", b""))
        return size > SMALL_BYTES

    def leave_out(self) -> None:
        """Give the application an empty body instead, and close the connection afterwards."""
        self._is_left_out = True

    async def receive(self) -> Message:
        if self._is_left_out:
            if not self._is_whole:
                self._is_whole = True
                return {"type": "http.request", "body": b"", "more_body": False}
            await self._is_answered.wait()
            return {"type": "http.disconnect"}
        return self._held.pop(0) if self._held else await self._next()

    async def send(self, message: Message) -> None:
        if self._is_refused:
            return
        if not self._is_left_out:
            await self._send(message)
        elif message["type"] == "http.response.start":
            await self._send({**message, "headers": [*message.get("headers", ()), _CLOSE]})
        elif message.get("more_body"):
            await self._send(message)
        else:
            await self._send({**message, "more_body": True})
            await self._linger()
            await self._send({"type": "http.response.body", "body": b""})
            self._is_answered.set()

    async def _linger(self) -> None:
        """Let the client notice the answer, and throw away what it sends meanwhile."""
        room = _LINGER_BYTES
        with suppress(TimeoutError):
            async with asyncio.timeout(_LINGER_SECONDS):
                while room > 0:
                    message = await self._receive()
                    room -= len(message.get("body", b""))
                    if message["type"] != "http.request" or not message.get("more_body"):
                        return

    async def _next(self) -> Message:
        """Return the next message of the client; until the body is whole, only in time."""
        if self._is_whole:
            return await self._receive()
        try:
            async with asyncio.timeout(max(0.0, self._until - time.monotonic())):
                message = await self._receive()
        except TimeoutError:
            await self._refuse()
            message = {"type": "http.disconnect"}
        self._is_whole = message["type"] != "http.request" or not message.get("more_body")
        return message

    async def _refuse(self) -> None:
        self._is_refused = True
        length = str(len(_TOO_SLOW)).encode()
        headers: list[Any] = [(b"content-type", b"application/json"), (b"content-length", length)]
        headers += [(b"x-content-type-options", b"nosniff"), _CLOSE]
        await self._send({"type": "http.response.start", "status": 408, "headers": headers})
        await self._send({"type": "http.response.body", "body": _TOO_SLOW})


def _declared(scope: Scope) -> int | None:
    """Return how long the client says that the body is; nothing if it sends it in chunks."""
    headers = {name.lower(): value for name, value in scope["headers"]}
    if b"transfer-encoding" in headers:
        return None
    length = headers.get(b"content-length", b"0")
    return int(length) if length.isdigit() else 0
