"""Ends open streams of events: when the server stops, and when nobody reads them any more.

A server lets open answers end before it stops, and a watch never ends by itself. Servers take the
signals to stop for themselves, when they start; so the first request adds to what they do.
"""

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from kargo_platform.admission import Application, Message, Receive, Scope, Send, starts_events
from promotions.live.hub import close_hubs

_STOP = (signal.SIGTERM, signal.SIGINT)


def ending_streams(application: Application, *, stalled_seconds: float) -> Application:
    """Return the application, whose streams end when its process stops or a client has stalled."""
    is_listening = False

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal is_listening
        if not is_listening:
            is_listening = True
            _listen(asyncio.get_running_loop())
        await application(scope, receive, _impatient(send, seconds=stalled_seconds))

    return wrapped


def _impatient(send: Send, *, seconds: float) -> Send:
    """Return ``send``, which takes a client for gone that does not take an event for so long."""
    is_stream = False

    async def send_in_time(message: Message) -> None:
        nonlocal is_stream
        is_stream = is_stream or starts_events(message)
        if not is_stream:
            await send(message)
            return
        try:
            async with asyncio.timeout(seconds):
                await send(message)
        except TimeoutError as error:
            raise asyncio.CancelledError from error  # what Django expects of a client that left

    return send_in_time


def _listen(loop: asyncio.AbstractEventLoop) -> None:
    if threading.current_thread() is not threading.main_thread():
        return
    for number in _STOP:
        before = signal.getsignal(number)
        if callable(before):  # else the process ends at once, and its streams with it
            signal.signal(number, _also_end_streams(loop, before))


def _also_end_streams(
    loop: asyncio.AbstractEventLoop, before: Callable[[int, FrameType | None], Any]
) -> Callable[[int, FrameType | None], None]:
    def stop(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(close_hubs)
        before(number, frame)

    return stop
