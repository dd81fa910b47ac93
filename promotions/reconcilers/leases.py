"""Leases: who may reconcile an object now, and the proof that they still may."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce, Least, Now

from common.errors import ConflictError
from promotions.engine.retry import backoff
from promotions.models import Work, WorkKind

# A key-share lock, because raising the fence conflicts with it and waking the object does not:
# two passes that wake each other's objects cannot deadlock. The ORM cannot say it.
_HOLD = (
    "SELECT 1 FROM promotions_work WHERE id = %s AND fence = %s AND lease_owner = %s FOR KEY SHARE"
)


class LeaseLostError(ConflictError):
    """Somebody else has the object now; what this pass would still write must not be kept."""

    code = "lease_lost"


def lease_length() -> timedelta:
    """Return how long a lease holds without a sign of life."""
    return timedelta(seconds=settings.LEASE_SECONDS)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to reconcile one object, until it runs out or is taken away.

    Attributes:
        fence: Grows with every lease of the object, so that an old holder can be told apart.
        due_at: What the object had been due at; ``None`` when it was left by a dead worker.
        failures: How many passes in a row failed before this one.
        others: How many tenants had more in the shard that was due when this was claimed.
        claimed_before: When the object had been claimed the last time; ``None`` if never.
        lost: Set when a renewal found that somebody else has the object; look at it before
            starting something long.
    """

    work_id: int
    kind: WorkKind
    uid: UUID
    tenant_uid: UUID
    shard: str
    owner: str
    fence: int
    due_at: datetime | None
    failures: int
    others: int = 0
    claimed_before: datetime | None = None
    lost: Event = field(default_factory=Event)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Open a transaction in which nobody else can get the lease.

        All that is written in it is kept, or nothing of it. Do no I/O in it.

        Raises:
            LeaseLostError: Somebody else has the object.
        """
        with transaction.atomic():
            self._hold()
            yield

    def renew(self) -> None:
        """Hold the object for another lease's length.

        Raises:
            LeaseLostError: Somebody else has the object.
        """
        self._update(lease_until=Now() + lease_length())

    def release(self, next_delay: timedelta | None) -> None:
        """End a pass that went well.

        The object is due ``next_delay`` from now, or when it was asked for during the pass,
        whichever is sooner; ``None`` schedules nothing.

        Raises:
            LeaseLostError: Somebody else has the object.
        """
        then = {}
        if next_delay is not None:
            at = Now() + next_delay
            then = {"due_at": Least(Coalesce(F("due_at"), at), at)}
        self._update(lease_owner="", lease_until=None, failures=0, last_error="", **then)

    def fail(self, reason: str) -> None:
        """End a pass that failed; the object is due after a back-off that grows each time.

        What was asked for during the pass waits for that too, so that an object which asks for
        itself and fails cannot spin.

        Raises:
            LeaseLostError: Somebody else has the object.
        """
        failures = self.failures + 1
        self._update(
            lease_owner="",
            lease_until=None,
            failures=failures,
            last_error=reason,
            due_at=Now() + backoff(failures),
        )

    def _hold(self) -> None:
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(_HOLD, [self.work_id, self.fence, self.owner])
                held = cursor.fetchone() is not None
        else:  # SQLite's writing transactions come one after the other
            held = self._mine().exists()
        if not held:
            self._lose()

    def _mine(self) -> QuerySet[Work]:
        return Work.objects.filter(pk=self.work_id, fence=self.fence, lease_owner=self.owner)

    def _update(self, **values: object) -> None:
        if not self._mine().update(**values):
            self._lose()

    def _lose(self) -> None:
        self.lost.set()
        raise LeaseLostError(f"Another worker has taken over {self.kind} {self.uid}.")
