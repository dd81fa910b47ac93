"""Writes how Freight stands in Stages: present, soaked, verified."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from projects.models import ChangeType
from projects.services.changes import record_change
from promotions.models import Freight, Stage, StageFreight


def sync_presence(stage: Stage, current: Iterable[Freight], *, now: datetime) -> None:
    """Make ``currently in`` agree with what the Stage holds.

    What left keeps the longest time it stayed, if it was verified here.
    """
    wanted = {freight.pk: freight for freight in current}
    for standing in StageFreight.objects.filter(stage=stage, current_since__isnull=False):
        if standing.freight_id not in wanted:
            _leave(standing, now=now)
    present = StageFreight.objects.filter(
        stage=stage, freight_id__in=wanted, current_since__isnull=False
    ).values_list("freight_id", flat=True)
    for pk in set(wanted) - set(present):
        StageFreight.objects.update_or_create(
            stage=stage, freight_id=pk, defaults={"current_since": now}
        )
        _touched(wanted[pk])


def mark_verified(stage: Stage, freight: Iterable[Freight], *, at: datetime) -> list[Freight]:
    """Mark Freight verified in a Stage, once and for all; return what was not before."""
    newly = []
    for item in freight:
        standing, _ = StageFreight.objects.get_or_create(stage=stage, freight=item)
        rows = StageFreight.objects.filter(pk=standing.pk, verified_at__isnull=True)
        if rows.update(verified_at=at):
            newly.append(item)
            _touched(item)
    return newly


def _leave(standing: StageFreight, *, now: datetime) -> None:
    values: dict[str, object] = {"current_since": None}
    if standing.verified_at is not None and standing.current_since is not None:
        soak = now - standing.current_since
        if soak > (standing.longest_soak or timedelta(0)):
            values["longest_soak"] = soak
    StageFreight.objects.filter(pk=standing.pk).update(**values)
    _touched(standing.freight)


def _touched(freight: Freight) -> None:
    project = freight.project
    record_change(
        freight,
        change_type=ChangeType.MODIFIED,
        tenant_uid=project.tenant.uid,
        project_uid=project.uid,
    )
