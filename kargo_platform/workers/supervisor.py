"""Keeps a shard's work going: starts its cluster, watches it, and rings for what has come due."""

import logging
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from types import FrameType

from django.conf import settings
from django.db import Error, connection
from django_q.models import OrmQ, Task

from common.clock import now
from kargo_platform.workers.cluster import ClusterProcess
from kargo_platform.workers.watcher import WatcherProcess
from promotions import queue
from promotions.models import WorkerBeat
from promotions.selectors.watched_planes import is_watched
from promotions.services.dead_shards import tell_of_dead_shards

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.2
SWEEP_SECONDS = 1.0
BEAT_SECONDS = 5.0
LISTEN_SECONDS = 5.0
PRUNE_SECONDS = 60.0
DEAD_SHARDS_SECONDS = 15.0
"""How often Stages of shards without workers are told so."""
PING_SECONDS = 5.0
"""After how much silence the cluster is rung, to see whether it answers."""
KEPT_FAILURES = timedelta(days=7)
"""How long django-q2's own records of failed tasks are kept."""
KEPT_BEATS = timedelta(days=7)
_MARGIN = timedelta(seconds=60)


@dataclass(slots=True)
class _Chore:
    """Something to do again and again."""

    every_seconds: float
    do: Callable[[], None]
    next_at: float = 0.0


class Supervisor:
    """One host's workers for one shard.

    Any number may run for a shard, anywhere: what they do is idempotent.
    """

    def __init__(self, *, shard: str, workers: int) -> None:
        self._shard = shard
        self._workers = workers
        self._cluster = ClusterProcess(shard=shard, workers=workers)
        self._watcher = WatcherProcess(shard=shard)
        self._stopping = False
        self._chores = (
            _Chore(LISTEN_SECONDS, self._listen),
            _Chore(SWEEP_SECONDS, self._sweep),
            _Chore(PING_SECONDS, self._ping),
            _Chore(BEAT_SECONDS, self._beat),
            _Chore(PRUNE_SECONDS, self._prune),
            _Chore(DEAD_SHARDS_SECONDS, self._tell_of_dead_shards),
        )

    def run(self) -> None:
        """Supervise until SIGTERM or SIGINT; then let passes end, and leave no process behind."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        logger.info("worker started", extra={"shard": self._shard, "workers": self._workers})
        try:
            while not self._stopping:
                self._watch()
                self._do_chores()
                time.sleep(TICK_SECONDS)
        finally:
            self._watcher.stop()
            self._cluster.stop(seconds=settings.WORKER_STOP_SECONDS)
            logger.info("worker stopped", extra={"shard": self._shard})

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _watch(self) -> None:
        if not self._cluster.is_running():
            self._cluster.start()
        elif self._cluster.silent_seconds() > settings.WORKER_STALE_SECONDS:
            logger.error("cluster makes no progress; restarting it", extra={"shard": self._shard})
            self._cluster.kill()

    def _do_chores(self) -> None:
        at = time.monotonic()
        try:
            for chore in self._chores:
                if at >= chore.next_at:
                    chore.next_at = at + chore.every_seconds
                    chore.do()
        except Error as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            logger.warning("the database does not answer", extra={"reason": reason})
            connection.close()
            self._cluster.excuse()  # nor can the cluster make progress

    def _listen(self) -> None:
        """Listen to the shard's Argo CDs, if it has any."""
        if is_watched(self._shard):
            self._watcher.keep_running()
        else:
            self._watcher.stop()

    def _sweep(self) -> None:
        queue.sweep(self._shard, hands=self._workers)

    def _ping(self) -> None:
        if self._cluster.silent_seconds() >= PING_SECONDS:
            queue.ring(self._shard)

    def _beat(self) -> None:
        worker = f"{socket.gethostname()}/{self._shard}"
        WorkerBeat.objects.update_or_create(
            worker=worker, defaults={"shard": self._shard, "at": now()}
        )

    def _tell_of_dead_shards(self) -> None:
        tell_of_dead_shards(now=now())

    def _prune(self) -> None:
        """Remove what nobody will come back for: rings of dead clusters, old records."""
        config = settings.Q_CLUSTER
        given_up = timedelta(seconds=config["retry"] - config["timeout"]) - _MARGIN
        taken = OrmQ.objects.filter(key=self._shard, lock__gt=now())
        taken.filter(lock__lt=now() + given_up).delete()
        Task.objects.filter(stopped__lt=now() - KEPT_FAILURES).delete()
        WorkerBeat.objects.filter(at__lt=now() - KEPT_BEATS).delete()
