"""Says which shards have a worker that lives."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max

from promotions.models import WorkerBeat

SILENT_FOR = timedelta(seconds=30)
"""After how long without a sign of life a shard counts as dead; workers beat every few seconds."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The newest sign of life from a shard's workers; ``at`` is ``None`` if there never was one."""

    shard: str
    is_alive: bool
    at: datetime | None


def heartbeats(*, now: datetime) -> list[Heartbeat]:
    """Return a heartbeat of every shard that is configured or has beaten, by name.

    Before any worker ever ran, the default shard counts as alive: nobody has failed yet.
    """
    rows = WorkerBeat.objects.order_by().values_list("shard").annotate(newest=Max("at"))
    newest: dict[str, datetime] = dict(rows)
    if not newest:
        return [Heartbeat(settings.DEFAULT_SHARD, is_alive=True, at=now)]
    shards = {settings.DEFAULT_SHARD, *settings.SHARDS, *newest}
    return [_heartbeat(shard, newest.get(shard), now=now) for shard in sorted(shards)]


def _heartbeat(shard: str, at: datetime | None, *, now: datetime) -> Heartbeat:
    return Heartbeat(shard, is_alive=at is not None and now - at <= SILENT_FOR, at=at)
