"""Says of Stages whose shard has no worker that nobody looks at them.

Their own workers cannot. Any supervisor does it for all shards; the first pass of a worker that
comes back says how the Stage is.
"""

from datetime import datetime

from django.db import transaction

from projects.models import ChangeType
from projects.services.changes import record_change
from promotions import queue
from promotions.engine.conditions import (
    Condition,
    ConditionStatus,
    find_condition,
    set_condition,
)
from promotions.engine.stage_summary import READY
from promotions.manifests.conditions import conditions_from, conditions_to
from promotions.models import Stage, WorkKind
from promotions.selectors.workers import shard_problem

NO_WORKER = "NoWorker"
BATCH = 200
"""How many Stages one transaction tells; the rest is told the next time."""


def tell_of_dead_shards(*, now: datetime) -> int:
    """Tell the Stages of shards without workers, and have them looked at once there is one.

    Safe to run anywhere at any time.

    Returns:
        How many Stages were told.
    """
    shards = Stage.objects.order_by().values_list("shard", flat=True).distinct()
    return sum(_tell(shard, now=now) for shard in sorted(set(shards)))


def _tell(shard: str, *, now: datetime) -> int:
    problem = shard_problem(shard, now=now)
    if not problem:
        return 0
    rows = Stage.objects.filter(shard=shard).only("pk", "uid", "conditions").order_by("pk")
    untold = [it.pk for it in rows.iterator() if not _is_told(it)][:BATCH]
    with transaction.atomic():
        stages = Stage.objects.select_for_update(of=("self",)).filter(pk__in=untold)
        told = [_say(it, problem, now=now) for it in stages.select_related("project__tenant")]
        queue.wake_many(kind=WorkKind.STAGE, uids=[it.uid for it in told], at=now)
    return len(told)


def _is_told(stage: Stage) -> bool:
    ready = find_condition(conditions_from(stage.conditions), READY)
    return ready is not None and ready.reason == NO_WORKER


def _say(stage: Stage, problem: str, *, now: datetime) -> Stage:
    said = Condition(READY, ConditionStatus.FALSE, NO_WORKER, problem, stage.observed_generation)
    conditions = set_condition(conditions_from(stage.conditions), said, now=now)
    Stage.objects.filter(pk=stage.pk).update(conditions=conditions_to(conditions), updated_at=now)
    record_change(
        stage,
        change_type=ChangeType.MODIFIED,
        tenant_uid=stage.project.tenant.uid,
        project_uid=stage.project.uid,
    )
    return stage
