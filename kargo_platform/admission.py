"""Bounds how many requests a process works on at once; the others wait their turn.

Django gives each request a thread and, as soon as it asks, a database connection. Clients that come
back all at once, as after a restart, would take more than a database server has. A request counts
from when its body is there, so that slow clients keep nobody waiting; a stream of events only until
it starts: then it lets go of both.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

Scope: TypeAlias = dict[str, Any]
Message: TypeAlias = Mapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

_HEALTH = "/healthz"
_EVENTS = b"text/event-stream"


def taking_turns(application: Application, *, at_once: int) -> Application:
    """Return the application, which works on at most ``at_once`` requests at once."""
    turns = asyncio.Semaphore(at_once)

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].endswith(_HEALTH):
            await application(scope, receive, send)
            return
        turn = _Turn(turns)

        async def watched_receive() -> Message:
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body"):
                await turn.take()
            return message

        async def watched_send(message: Message) -> None:
            await send(message)
            if starts_events(message):
                turn.give_up()

        try:
            await application(scope, watched_receive, watched_send)
        finally:
            turn.give_up()

    return wrapped


def starts_events(message: Message) -> bool:
    """Return whether an answer starts with this that is a stream of events."""
    headers = message.get("headers", ())
    return any(name.lower() == b"content-type" and value == _EVENTS for name, value in headers)


class _Turn:
    """A turn that is taken once and given up once."""

    def __init__(self, turns: asyncio.Semaphore) -> None:
        self._turns = turns
        self._is_taken = self._is_over = False

    async def take(self) -> None:
        """Wait for a turn, unless this one was taken already."""
        if not self._is_taken and not self._is_over:
            self._is_taken = True
            try:
                await self._turns.acquire()
            except BaseException:
                self._is_taken = False
                raise

    def give_up(self) -> None:
        """Let the next one have it."""
        if self._is_taken and not self._is_over:
            self._turns.release()
        self._is_over = True
