"""Says which shards have a worker that lives, and in words which have not."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Max

from projects.models import ControlPlane
from promotions.models import Stage, Warehouse, WorkerBeat

SILENT_FOR = timedelta(seconds=30)
"""After how long without a sign of life a shard counts as dead; workers beat every few seconds."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The newest sign of life from a shard's workers; ``at`` is ``None`` if there never was one."""

    shard: str
    is_alive: bool
    at: datetime | None


def heartbeats(*, now: datetime, tenant_uid: UUID | None = None) -> list[Heartbeat]:
    """Return a heartbeat of every shard that is configured, used or has beaten, by name.

    Before any worker ever ran, the default shard counts as alive: nobody has failed yet.

    Args:
        now: When.
        tenant_uid: Whose Stages, Warehouses and control planes may name further shards.
    """
    newest = _newest_beats()
    shards = {settings.DEFAULT_SHARD, *settings.SHARDS, *newest}
    if tenant_uid is not None:
        shards |= _shards_used(tenant_uid)
    found = [_heartbeat(shard, newest.get(shard), now=now) for shard in sorted(shards)]
    return found if newest else [_excused(it, now=now) for it in found]


def shard_problem(shard: str, *, now: datetime) -> str:
    """Return why nothing of a shard (empty: the default one) moves, in words; empty if it does."""
    named = shard or str(settings.DEFAULT_SHARD)
    newest = _newest_beats()
    heartbeat = _heartbeat(named, newest.get(named), now=now)
    if not newest:
        heartbeat = _excused(heartbeat, now=now)
    return words_for(heartbeat)


def words_for(heartbeat: Heartbeat) -> str:
    """Return what is to be done about a shard without workers; empty of one that has some."""
    if heartbeat.is_alive:
        return ""
    is_default = heartbeat.shard == settings.DEFAULT_SHARD
    option = "" if is_default else f" --shard {heartbeat.shard}"
    since = f"since {heartbeat.at:%Y-%m-%d %H:%M UTC}" if heartbeat.at else "yet"
    of = "the default shard" if is_default else f"shard {heartbeat.shard}"
    return f"No worker of {of} has reported {since}; start one with: manage.py worker{option}"


def _newest_beats() -> dict[str, datetime]:
    rows = WorkerBeat.objects.order_by().values_list("shard").annotate(newest=Max("at"))
    return dict(rows)


def _shards_used(tenant_uid: UUID) -> set[str]:
    """Return the shards that a tenant's objects name."""
    in_projects = {"project__tenant__uid": tenant_uid}
    found: set[str] = set()
    for rows in (
        Stage.objects.filter(**in_projects),
        Warehouse.objects.filter(**in_projects),
        ControlPlane.objects.filter(tenant__uid=tenant_uid),
    ):
        named = rows.exclude(shard="").order_by().values_list("shard", flat=True)
        found |= set(named.distinct())
    return found


def _heartbeat(shard: str, at: datetime | None, *, now: datetime) -> Heartbeat:
    return Heartbeat(shard, is_alive=at is not None and now - at <= SILENT_FOR, at=at)


def _excused(heartbeat: Heartbeat, *, now: datetime) -> Heartbeat:
    if heartbeat.shard != settings.DEFAULT_SHARD:
        return heartbeat
    return Heartbeat(heartbeat.shard, is_alive=True, at=now)
