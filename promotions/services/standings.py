"""Writes how Freight stands in Stages: present, soaked, verified."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from projects.models import ChangeType
from projects.services.changes import record_change
from promotions.models import Freight, Stage, StageFreight

logger = logging.getLogger(__name__)


def sync_presence(stage: Stage, current: Iterable[Freight], *, now: datetime) -> list[Freight]:
    """Make ``currently in`` agree with what the Stage holds.

    What left keeps the longest time it stayed, if it was verified here. What came and was verified
    here before is returned: Stages that follow this one may take it again.
    """
    wanted = {freight.pk: freight for freight in current}
    present = StageFreight.objects.filter(stage=stage, current_since__isnull=False)
    standings = {standing.freight_id: standing for standing in present}
    for pk in standings.keys() - wanted.keys():
        _leave(standings[pk], stage, now=now)
    returned = []
    for pk in wanted.keys() - standings.keys():
        standing, _ = StageFreight.objects.update_or_create(
            stage=stage, freight_id=pk, defaults={"current_since": now}
        )
        _touched(wanted[pk], stage)
        if standing.verified_at is not None:
            returned.append(wanted[pk])
    return returned


def mark_verified(stage: Stage, freight: Iterable[Freight], *, at: datetime) -> list[Freight]:
    """Mark Freight verified in a Stage, once and for all; return what was not before."""
    newly = []
    for item in freight:
        standing, _ = StageFreight.objects.get_or_create(stage=stage, freight=item)
        rows = StageFreight.objects.filter(pk=standing.pk, verified_at__isnull=True)
        if standing.verified_at is None and rows.update(verified_at=at):
            newly.append(item)
            _touched(item, stage)
    if newly:
        names = ",".join(item.name for item in newly)
        logger.info("freight verified", extra={"stage": stage.name, "freight": names})
    return newly


def _leave(standing: StageFreight, stage: Stage, *, now: datetime) -> None:
    values: dict[str, object] = {"current_since": None}
    if standing.verified_at is not None and standing.current_since is not None:
        soak = now - standing.current_since
        if soak > (standing.longest_soak or timedelta(0)):
            values["longest_soak"] = soak
    StageFreight.objects.filter(pk=standing.pk).update(**values)
    _touched(standing.freight, stage)


def _touched(freight: Freight, stage: Stage) -> None:
    project = stage.project  # which is the Freight's too, and is there already
    record_change(
        freight,
        change_type=ChangeType.MODIFIED,
        tenant_uid=project.tenant.uid,
        project_uid=project.uid,
    )
