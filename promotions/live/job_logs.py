"""Streams what a job prints, as far as it is known, until the job is over.

Each piece of text is one event; clients put its lines together with newlines again, and pieces
without anything between them.

Source: Kargo ``pkg/server`` GetAnalysisRunLogs.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Generator, Iterator

from common.request_thread import let_go_of_thread
from promotions.live.hub import Hub, current_hub
from promotions.live.messages import KEEP_ALIVE
from promotions.live.watching import Admission, Rhythm, is_granted
from promotions.selectors.analysis_logs import JobLog, newer_log

LOOK_SECONDS = 1.0
_PIECE_CHARACTERS = 64 * 1024
_OVERLAP_CHARACTERS = 1024


def events_of(text: str) -> Iterator[bytes]:
    """Yield a text as events."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for start in range(0, len(text), _PIECE_CHARACTERS):
        piece = text[start : start + _PIECE_CHARACTERS]
        lines = "".join(f"data: {line}\n" for line in piece.split("\n"))
        yield f"{lines}\n".encode()


def added(text: str, *, to: str) -> str:
    """Return what a log has more than it had; of one that lost its beginning, what is new."""
    if text.startswith(to):
        return text[len(to) :]
    end = to[-_OVERLAP_CHARACTERS:]
    place = text.rfind(end)
    return text if place < 0 else text[place + len(end) :]


async def follow_log(
    log: JobLog,
    *,
    admission: Admission,
    hub: Hub | None = None,
    look: Callable[[JobLog], JobLog] = newer_log,
    every: float = LOOK_SECONDS,
) -> AsyncGenerator[bytes, None]:
    """Yield what was printed and is printed, until the job or the client's access ends.

    Args:
        log: What is known already.
        admission: By what the client may follow.
        hub: Looks on its threads.
        look: Finds what is known by now.
        every: Seconds between two looks.
    """
    await let_go_of_thread()
    source = hub or current_hub()
    rhythm = Rhythm(expires_at=admission.expires_at)
    for event in events_of(log.text):
        yield event
    while not log.is_over:
        await asyncio.sleep(every)
        known, log = log, await source.run(look, log)
        for event in _news(known, log, rhythm):
            yield event
        if rhythm.is_check_due() and not await source.run(is_granted, rhythm, admission.is_allowed):
            return


def follow_log_alone(
    log: JobLog, *, admission: Admission, every: float = LOOK_SECONDS
) -> Generator[bytes, None, None]:
    """Yield events as :func:`follow_log` does, where there is no event loop: it holds a thread."""
    rhythm = Rhythm(expires_at=admission.expires_at)
    yield from events_of(log.text)
    while not log.is_over:
        time.sleep(every)
        known, log = log, newer_log(log)
        yield from _news(known, log, rhythm)
        if rhythm.is_check_due() and not is_granted(rhythm, admission.is_allowed):
            return


def _news(known: JobLog, log: JobLog, rhythm: Rhythm) -> Iterator[bytes]:
    yield from events_of(added(log.text, to=known.text))
    if rhythm.is_quiet():
        yield KEEP_ALIVE
