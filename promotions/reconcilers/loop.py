"""Carries out due work: claim, reconcile, release; what fails waits and is tried again."""

import logging
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Protocol
from uuid import UUID, uuid4

from django.conf import settings
from django.db import Error, connection

from common.clock import now as read_clock
from common.errors import PlatformError
from common.redaction import noting_secrets, redact
from promotions import queue
from promotions.models import WorkKind
from promotions.reconcilers.claims import claim
from promotions.reconcilers.leases import Lease, LeaseLostError, lease_length

__all__ = ["Lease", "LeaseLostError", "Reconcile", "claim", "run_one", "work_through"]

logger = logging.getLogger(__name__)

LONGEST_ERROR = 2_000
"""How many characters of an error are kept with the work."""


class Reconcile(Protocol):
    """Brings one object nearer to what its specification asks."""

    def __call__(self, uid: UUID, *, lease: Lease, now: datetime) -> timedelta | None:
        """Make one pass over the object; it may no longer exist.

        Everything is written inside ``lease.transaction()``, with no I/O in it. Passes repeat:
        what acts on the outside looks for its own mark first.

        Returns:
            When to look again; ``None`` when only an event can change something.
        """
        ...


KeepGoing = Callable[[], bool]
"""Says that work moves, and returns whether more is wanted of this process."""


def _always() -> bool:
    return True


def work_through(
    shard: str, reconcilers: Mapping[WorkKind, Reconcile], *, keep_going: KeepGoing = _always
) -> int:
    """Do what is due in ``shard`` until nothing is, or the time is over; then ring for the rest.

    Returns:
        How many passes were made.
    """
    owner = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
    ends = time.monotonic() + settings.WORK_BUDGET_SECONDS
    passes = 0
    while keep_going() and time.monotonic() < ends:
        if not run_one(shard, reconcilers, owner=owner, keep_going=keep_going, first=not passes):
            return passes
        passes += 1
    queue.sweep(shard, hands=1)
    return passes


def run_one(
    shard: str,
    reconcilers: Mapping[WorkKind, Reconcile],
    *,
    owner: str,
    keep_going: KeepGoing = _always,
    first: bool = False,
) -> bool:
    """Claim the most deserving due work of ``shard`` and make one pass over it.

    A pass that raises is recorded, logged and tried again after a back-off.

    Args:
        shard: Whose work.
        reconcilers: What to call for each kind of object.
        owner: Who claims; different for every worker process.
        keep_going: Called now and then while the pass runs.
        first: Whether to call another worker if more is due than this.

    Returns:
        Whether there was anything to do.
    """
    lease = claim(shard, owner=owner)
    if lease is None:
        return False
    if first and lease.others:
        queue.sweep(shard, hands=1)
    with noting_secrets():
        _pass(lease, reconcilers, keep_going)
    return True


def _pass(lease: Lease, reconcilers: Mapping[WorkKind, Reconcile], keep_going: KeepGoing) -> None:
    try:
        with _kept_alive(lease, keep_going):
            delay = _reconcile(lease, reconcilers)
        lease.release(delay)
    except LeaseLostError:
        logger.info("lease lost", extra=_facts(lease))
    except PlatformError as error:  # the world's fault, or the manifest's: no traceback
        reason = redact(error.message)[:LONGEST_ERROR]
        logger.warning("reconcile failed", extra={**_facts(lease), "reason": reason})
        _record_failure(lease, error)
    except Exception as error:
        logger.exception("reconcile failed", extra=_facts(lease))
        _record_failure(lease, error)


def _reconcile(lease: Lease, reconcilers: Mapping[WorkKind, Reconcile]) -> timedelta | None:
    now = read_clock()
    # Work may be taken a little early; its reconciler must not find that it is too early.
    now = max(now, lease.due_at) if lease.due_at else now
    return reconcilers[lease.kind](lease.uid, lease=lease, now=now)


def _record_failure(lease: Lease, error: Exception) -> None:
    text = f"{type(error).__name__}: {error}"[: 2 * LONGEST_ERROR]
    reason = redact(text)[:LONGEST_ERROR]  # so no secret is cut in half and missed
    try:
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
        lease.fail(reason)
    except LeaseLostError:
        logger.info("lease lost", extra=_facts(lease))
    except Error:
        # The lease runs out, which counts as a failure too.
        logger.warning("failure not recorded: the database does not answer", extra=_facts(lease))
        connection.close()


def _facts(lease: Lease) -> dict[str, object]:
    return {
        "kind": lease.kind.value,
        "uid": lease.uid,
        "fence": lease.fence,
        "failures": lease.failures,
    }


@contextmanager
def _kept_alive(lease: Lease, keep_going: KeepGoing) -> Iterator[None]:
    """Renew the lease from a thread for as long as the block runs."""
    over = Event()
    thread = Thread(
        target=_renew_until, args=(over, lease, keep_going), name="lease-renewal", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _renew_until(over: Event, lease: Lease, keep_going: KeepGoing) -> None:
    interval = lease_length().total_seconds() / 3
    try:
        while not over.wait(interval):
            keep_going()
            try:
                lease.renew()
            except LeaseLostError:
                return
            except Error:
                logger.warning("lease not renewed", extra=_facts(lease), exc_info=True)
                connection.close()
    finally:
        connection.close()
