"""Asks for previews of promotions, keeps what came of them, and removes them."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from promotions import queue
from promotions.models import Freight, Preview, Stage, WorkKind
from promotions.services.promotions import planned_promotion
from rbac import audit
from rbac.actors import Actor

KEPT_FOR = timedelta(hours=1)
"""How long a preview can be looked at."""


@transaction.atomic
def request_preview(
    stage: Stage, freight: Freight, *, actor: Actor, now: datetime, target: str = ""
) -> Preview:
    """Ask a worker of the Stage's shard to try a promotion without its effects.

    Args:
        stage: Where to.
        freight: What.
        actor: Who asks.
        now: When.
        target: To which of the Stage's targets; by default to the first of them.

    Raises:
        InvalidError: The promotion could not be created, or the Stage has no such target.
    """
    planned = planned_promotion(stage, freight, actor=actor, now=now, target=target)
    project = stage.project
    preview = Preview.objects.create(
        project=project,
        stage=stage,
        freight=freight,
        target_name=planned.target_name,
        actor=actor.name,
        created_at=now,
    )
    queue.open_work(
        kind=WorkKind.PREVIEW,
        uid=preview.uid,
        tenant_uid=project.tenant.uid,
        shard=stage.shard,
        due_at=now,
    )
    act = audit.Act(
        action="promotion.preview",
        kind="Stage",
        tenant_uid=project.tenant.uid,
        project_uid=project.uid,
        object_uid=stage.uid,
        object_name=stage.name,
        after={"freight": freight.name, **({"target": target} if target else {})},
    )
    audit.record(act, actor=actor, at=now)
    return preview


def finish_preview(
    preview: Preview, *, result: dict[str, Any] | None = None, problem: str = "", now: datetime
) -> None:
    """Keep what came of a preview, unless something came of it already."""
    Preview.objects.filter(pk=preview.pk, finished_at__isnull=True).update(
        result=result, problem=problem, finished_at=now
    )


@transaction.atomic
def remove_preview(preview: Preview) -> None:
    """Remove a preview and what remains to be done for it."""
    queue.close_work(kind=WorkKind.PREVIEW, uid=preview.uid)
    Preview.objects.filter(pk=preview.pk).delete()
