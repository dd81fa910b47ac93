"""Lets no more promotions of a tenant run at once than its quota says; the others wait."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from projects.models import Quota, Tenant
from projects.services.quotas import WHO_CAN_RAISE_IT, quota_of
from promotions import queue
from promotions.engine.eligibility import Code, reason
from promotions.models import SlotWait, Stage, WorkKind
from promotions.selectors.slots import running_promotions
from rbac import audit

CALLED_AT_ONCE = 3
"""How many Stages are asked to look when one place becomes free: the first may not want it."""
UNASKED = timedelta(seconds=15)
"""When the Stages that are first in line look again although nobody asked them to."""


def take_slot(stage: Stage, *, now: datetime) -> str:
    """Return nothing if the promotion that the Stage has just let in may run, else why not.

    Call it in the transaction that names it the Stage's current one, after that: until commit
    nobody else of the tenant is counted. A Stage that may not is noted, and asked again when a
    promotion of the tenant ends.
    """
    tenant_uid = stage.project.tenant.uid
    limit = _limit(tenant_uid)
    if limit is None:
        return ""
    audit.take_turn(tenant_uid)
    running = running_promotions(stage.project.tenant) - 1
    if running < limit:
        SlotWait.objects.filter(stage=stage).delete()
        return ""
    SlotWait.objects.get_or_create(stage=stage, defaults={"tenant_uid": tenant_uid, "since": now})
    return waiting_words(running=running, limit=limit)


def is_line_empty(stage: Stage) -> bool:
    """Return whether no other Stage of the tenant waits to start a promotion."""
    waiting = SlotWait.objects.filter(tenant_uid=stage.project.tenant.uid)
    return not waiting.exclude(stage=stage).exists()


def leave_line(stage: Stage, *, now: datetime) -> None:
    """Forget that a Stage waits, which has nothing to start any more, and ask the next one."""
    if SlotWait.objects.filter(stage=stage).delete()[0]:
        call_next(stage.project.tenant.uid, now=now)


def call_next(tenant_uid: UUID, *, now: datetime, count: int = CALLED_AT_ONCE) -> None:
    """Have the Stages that wait longest look again: there may be room."""
    line = SlotWait.objects.filter(tenant_uid=tenant_uid).order_by("since", "pk")
    _wake(line.values_list("stage__uid", flat=True)[:count], now=now)


def call_all(tenant_uid: UUID, *, now: datetime) -> None:
    """Have every Stage that waits look again: the quota was raised."""
    line = SlotWait.objects.filter(tenant_uid=tenant_uid).order_by("since", "pk")
    _wake(line.values_list("stage__uid", flat=True), now=now)


def next_look(stage: Stage, *, otherwise: timedelta) -> timedelta | None:
    """Return when a Stage that waits should look again by itself; ``None`` if it does not wait.

    The first in line do not rely on being asked: a place that becomes free in the very moment in
    which a Stage gets in line is told to nobody.
    """
    mine = SlotWait.objects.filter(stage=stage).first()
    if mine is None:
        return None
    ahead = SlotWait.objects.filter(tenant_uid=mine.tenant_uid, since__lt=mine.since)
    is_in_front = ahead[:CALLED_AT_ONCE].count() < CALLED_AT_ONCE
    return UNASKED if is_in_front else otherwise


def room_for_targets(tenant: Tenant) -> int | None:
    """Return how many more promotions to targets may be made now; ``None`` is any number.

    Call it in the transaction that makes them: until commit nobody else of the tenant is counted.
    """
    limit = _limit(tenant.uid)
    if limit is None:
        return None
    audit.take_turn(tenant.uid)
    return max(0, limit - running_promotions(tenant))


def waiting_words(*, running: int, limit: int) -> str:
    """Return why a promotion waits for others of its tenant: the same through every door."""
    why = reason(Code.QUOTA_REACHED, running=running, limit=limit)
    return f"Waiting for another promotion to end: {why.message}; {WHO_CAN_RAISE_IT}"


def _limit(tenant_uid: UUID) -> int | None:
    quota: Quota | None = quota_of(tenant_uid)
    return quota.max_concurrent_promotions if quota is not None else None


def _wake(stages: Iterable[UUID], *, now: datetime) -> None:
    queue.wake_many(kind=WorkKind.STAGE, uids=list(stages), at=now)
