"""Why Stages start nothing at all: their tenant, its quota, and whether anybody works for them."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.conf import settings

from projects.models import Tenant
from promotions.engine.eligibility import Code, Reason, reason
from promotions.models import Stage
from promotions.selectors.slots import most_promotions, running_promotions
from promotions.selectors.workers import Heartbeat, heartbeats, words_for


def standstill_reasons(stages: Sequence[Stage], now: datetime) -> dict[int, list[Reason]]:
    """Return why Stages of one project start no promotion, by primary key of the Stage."""
    if not stages:
        return {}
    tenant = stages[0].project.tenant
    shared = list(_of_tenant(tenant))
    beats = {it.shard: it for it in heartbeats(now=now)}
    return {stage.pk: [*shared, *_dead(stage.shard, beats)] for stage in stages}


def shard_reasons(shard: str, *, now: datetime) -> list[Reason]:
    """Return why nobody works on what is of a shard; nothing if somebody does."""
    return list(_dead(shard, {it.shard: it for it in heartbeats(now=now)}))


def suspension_reasons(tenant: Tenant) -> list[Reason]:
    """Return that a tenant is suspended, if it is."""
    is_waiting = tenant.suspended_at is not None
    return [reason(Code.TENANT_SUSPENDED, tenant=tenant.name)] if is_waiting else []


def _of_tenant(tenant: Tenant) -> Iterator[Reason]:
    yield from suspension_reasons(tenant)
    limit = most_promotions(tenant)
    if limit is None:
        return
    running = running_promotions(tenant)
    if running >= limit:
        yield reason(Code.QUOTA_REACHED, running=running, limit=limit)


def _dead(shard: str, beats: dict[str, Heartbeat]) -> Iterator[Reason]:
    name = shard or settings.DEFAULT_SHARD
    problem = words_for(beats.get(name) or Heartbeat(name, is_alive=False, at=None))
    if problem:
        yield reason(Code.SHARD_DEAD, problem=problem)
