"""Brokers for django-q2 that keep the order, outlive database restarts and wake without polling."""

import hashlib
import logging
import time
from datetime import UTC, datetime

import psycopg
from django.db import Error, InterfaceError, OperationalError, connections, transaction
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ
from psycopg import sql

from common.clock import now

logger = logging.getLogger(__name__)

Rings = list[tuple[int, str]]
"""What was taken from the queue: (id, signed package)."""

FREE = datetime(1970, 1, 1, tzinfo=UTC)
"""The lock time of what nobody has taken; long ago, so that no clock finds it in its future."""
_RECOVERY_SECONDS = 0.5
_ACKNOWLEDGE_TRIES = 60

# One round trip, where the ORM needs four. Materialised, because a plan that evaluated the choice
# once for each row would skip what it has just locked, and take more than was asked for.
_TAKE = """
    WITH oldest AS MATERIALIZED (
        SELECT id FROM django_q_ormq WHERE key = %s AND lock < %s ORDER BY id LIMIT %s
        FOR UPDATE SKIP LOCKED
    )
    UPDATE django_q_ormq AS ring SET lock = %s FROM oldest WHERE ring.id = oldest.id
    RETURNING ring.id, ring.payload
"""


class ResilientBroker(ORM):  # type: ignore[misc]  # django-q2 has no types
    """The queue in the database: first in, first out, and patient while the database is away.

    It is written in the caller's transaction, so a roll-back leaves nothing behind.
    """

    def enqueue(self, task: str) -> int:
        """Add a signed package; return its id."""
        key = self.list_key or Conf.CLUSTER_NAME
        ring: int = self.get_connection().create(key=key, payload=task, lock=FREE).pk
        return ring

    def dequeue(self) -> Rings | None:
        """Take the oldest packages; ``None`` after waiting for some in vain."""
        try:
            if rings := self._take():
                return rings
            self._idle()
        except (OperationalError, InterfaceError) as error:
            _recover(error)
        return None

    def acknowledge(self, task_id: int) -> None:
        """Remove what was done, however long the database stays away within half a minute."""
        for _ in range(_ACKNOWLEDGE_TRIES):
            try:
                super().acknowledge(task_id)
            except (OperationalError, InterfaceError) as error:
                _recover(error)
            else:
                return
        # It comes again after `retry`, which is harmless.
        logger.warning("task not acknowledged", extra={"ring": task_id})

    def _take(self) -> Rings:
        waiting = OrmQ.objects.using(Conf.ORM).filter(key=self.list_key, lock__lt=now())
        if not waiting.exists():
            return []  # the transaction below would keep SQLite's writers out, at every poll
        with transaction.atomic(using=Conf.ORM):
            rows = list(waiting.order_by("id").select_for_update(skip_locked=True)[: Conf.BULK])
            taken = OrmQ.objects.using(Conf.ORM).filter(pk__in=[row.pk for row in rows])
            taken.update(lock=self.timeout(None))
        return [(row.pk, row.payload) for row in rows]

    def _idle(self) -> None:
        time.sleep(Conf.POLL)


class NotifyingBroker(ResilientBroker):
    """As :class:`ResilientBroker`, but PostgreSQL says when something was added.

    Listening needs a session of its own, so connect directly, not through a transaction pooler.
    """

    _ears: psycopg.Connection | None = None

    def enqueue(self, task: str) -> int:
        """Add a signed package, and tell the listeners when the transaction commits."""
        with transaction.atomic(using=Conf.ORM, savepoint=False):
            ring = super().enqueue(task)
            with connections[Conf.ORM].cursor() as cursor:
                cursor.execute("SELECT pg_notify(%s, '')", [channel_of(self.list_key)])
        return ring

    def dequeue(self) -> Rings | None:
        """Take the oldest packages; ``None`` after listening for some in vain."""
        if self._ears is None:
            try:
                self._listen()  # before the first look, so that nothing falls between
            except psycopg.Error as error:
                _recover(error)
                return None
        return super().dequeue()

    def _take(self) -> Rings:
        with connections[Conf.ORM].cursor() as cursor:
            cursor.execute(_TAKE, [self.list_key, now(), Conf.BULK, self.timeout(None)])
            return sorted(cursor.fetchall())

    def close(self) -> None:
        """Stop listening."""
        if self._ears is not None:
            self._ears.close()
            self._ears = None

    def _listen(self) -> None:
        params = connections[Conf.ORM].get_connection_params()
        for django_only in ("context", "cursor_factory"):
            params.pop(django_only, None)
        ears = psycopg.connect(**params, autocommit=True)
        ears.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel_of(self.list_key))))
        self._ears = ears

    def _idle(self) -> None:
        if self._ears is None:
            return
        try:
            for _ in self._ears.notifies(timeout=Conf.POLL, stop_after=1):
                pass
        except psycopg.Error as error:
            self.close()
            _recover(error)


def channel_of(shard: str) -> str:
    """Return the shard's channel; a digest, because PostgreSQL limits names to 63 bytes."""
    return f"kargo_{hashlib.sha256(shard.encode()).hexdigest()[:32]}"


def _recover(error: Exception) -> None:
    """Drop the broken connection and give the database a moment."""
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    logger.warning("the queue's database does not answer", extra={"reason": reason})
    try:
        connections[Conf.ORM].close()
    except Error:
        logger.debug("closing a broken connection failed", exc_info=True)
    time.sleep(_RECOVERY_SECONDS)
