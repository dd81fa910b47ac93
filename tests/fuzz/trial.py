"""Tries one input after another for a bounded time and keeps what should not have happened."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from types import FrameType

from common.errors import PlatformError

LONGEST_SECONDS = 5.0
_MOST_FINDINGS = 20


class TooSlowError(Exception):
    """An input took longer than any may."""


def try_all(
    make: Callable[[Random], object],
    attempt: Callable[[object], object],
    *,
    seconds: float,
    seed: int,
) -> list[str]:
    """Attempt what ``make`` makes until the time is up; return what went wrong, reproducibly.

    A :class:`PlatformError` is an answer; every other exception, a failed assertion among them,
    is a finding, and so is an attempt that takes longer than ``LONGEST_SECONDS``.
    """
    random = Random(seed)  # noqa: S311 -- no secret
    findings: dict[str, str] = {}
    until = time.monotonic() + seconds
    while time.monotonic() < until and len(findings) < _MOST_FINDINGS:
        made = make(random)
        try:
            with _limited():
                attempt(made)
        except PlatformError:
            continue
        except (Exception, TooSlowError) as error:  # noqa: BLE001  whatever it is, it is a finding
            kind = f"{type(error).__name__}: {str(error)[:80]}"
            findings.setdefault(kind, f"{kind} from {made!r}")
    return list(findings.values())


@contextmanager
def _limited() -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TooSlowError(f"took longer than {LONGEST_SECONDS} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, LONGEST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
