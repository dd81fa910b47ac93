"""No more requests are worked on at once than there may be; streams count until they start."""

import asyncio
from collections.abc import Mapping
from typing import Any

from kargo_platform.admission import Application, Message, Receive, Scope, Send, taking_turns
from kargo_platform.streams import ending_streams

EVENTS = [(b"Content-Type", b"text/event-stream")]


async def _nothing() -> Mapping[str, Any]:
    return {"type": "http.request"}


async def _lost(message: Message) -> None:
    del message


def _ask(application: Application, path: str = "/") -> Any:
    return application({"type": "http", "path": path}, _nothing, _lost)


async def _most_at_once(paths: list[str], *, headers: list[tuple[bytes, bytes]]) -> int:
    running, most = 0, 0

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal running, most
        await receive()
        running += 1
        most = max(most, running)
        await send({"type": "http.response.start", "headers": headers})
        await asyncio.sleep(0.01)
        running -= 1

    application = taking_turns(slow, at_once=2)
    await asyncio.gather(*(_ask(application, path) for path in paths))
    return most


def test_requests_take_turns() -> None:
    assert asyncio.run(_most_at_once(["/"] * 9, headers=[])) == 2


def test_streams_that_have_started_do_not_count() -> None:
    assert asyncio.run(_most_at_once(["/"] * 9, headers=EVENTS)) == 9


def test_whether_the_server_lives_is_answered_at_once() -> None:
    assert asyncio.run(_most_at_once(["/t/acme/healthz"] * 9, headers=[])) == 9


def test_a_turn_is_given_up_whatever_happens() -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        raise ConnectionError

    async def scenario() -> list[Any]:
        application = taking_turns(broken, at_once=1)
        asked = [_ask(application) for _ in range(3)]
        return await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 5)

    assert [type(it) for it in asyncio.run(scenario())] == [ConnectionError] * 3


def test_who_is_slow_to_send_keeps_nobody_waiting() -> None:
    answered = asyncio.Event()

    async def echo(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        answered.set()

    async def drip() -> Message:
        await asyncio.sleep(0.01)
        return {"type": "http.request", "more_body": True}

    async def scenario() -> None:
        application = taking_turns(echo, at_once=1)
        slow = asyncio.ensure_future(application({"type": "http", "path": "/"}, drip, _lost))
        await asyncio.sleep(0.05)
        await asyncio.wait_for(_ask(application), 5)
        slow.cancel()

    asyncio.run(scenario())
    assert answered.is_set()


def test_a_client_of_a_stream_that_takes_nothing_counts_as_gone() -> None:
    async def stream(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "headers": EVENTS})
        await send({"type": "http.response.body", "body": b": keepalive\n\n", "more_body": True})

    async def stuck(message: Message) -> None:
        if message["type"] == "http.response.body":
            await asyncio.sleep(60)

    async def scenario() -> bool:
        application = ending_streams(stream, stalled_seconds=0.01)
        scope = {"type": "http", "path": "/"}
        asked = asyncio.ensure_future(application(scope, _nothing, stuck))
        await asyncio.wait([asked], timeout=5)
        return asked.cancelled()

    assert asyncio.run(scenario())
