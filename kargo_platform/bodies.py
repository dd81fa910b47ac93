"""Bounds what one request may make a web process write to its disk.

Django takes in a whole body before it looks at who sends it, and keeps what is long in a temporary
file. So bodies longer than any route takes are refused here: at once where their length is said,
else as soon as they are too long. What a route takes of them is less, and its own matter.
"""

from typing import Final

from kargo_platform.admission import Application, Message, Receive, Scope, Send

TOO_LARGE: Final = b'{"error":"request body too large"}'
_ANSWER: Final[tuple[Message, Message]] = (
    {
        "type": "http.response.start",
        "status": 413,
        "headers": [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(TOO_LARGE)).encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"connection", b"close"),
        ],
    },
    {"type": "http.response.body", "body": TOO_LARGE},
)


def bounding_bodies(application: Application, *, limit_bytes: int) -> Application:
    """Return the application, which is given no body of more than ``limit_bytes``."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
        elif _declared(scope) > limit_bytes:
            await _refuse(send)
        else:
            body = _Body(receive, send, limit_bytes=limit_bytes)
            await application(scope, body.receive, body.send)

    return wrapped


class _Body:
    """A body that ends, for the application, as if its client had left when it gets too long."""

    def __init__(self, receive: Receive, send: Send, *, limit_bytes: int) -> None:
        self._receive, self._send = receive, send
        self._room = limit_bytes
        self._is_refused = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._room -= len(message.get("body", b""))
        if self._room >= 0:
            return message
        if not self._is_refused:
            self._is_refused = True
            await _refuse(self._send)
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if not self._is_refused:
            await self._send(message)


def _declared(scope: Scope) -> int:
    """Return how long the client says that the body is; 0 if it does not say."""
    lengths = [value for name, value in scope["headers"] if name.lower() == b"content-length"]
    return max((int(it) for it in lengths if it.isdigit()), default=0)


async def _refuse(send: Send) -> None:
    for message in _ANSWER:
        await send(message)
