"""Reads promotions."""

from uuid import UUID

from django.db.models import QuerySet

from projects.models import Project
from promotions.engine.phases import TERMINAL
from promotions.models import Promotion, Stage

_TERMINAL_VALUES = [phase.value for phase in TERMINAL]


def promotions_in(project: Project) -> QuerySet[Promotion]:
    """Return a project's promotions, by name."""
    return (
        Promotion.objects.filter(project=project)
        .select_related("project", "stage", "freight__warehouse", "request")
        .order_by("name", "pk")
    )


def promotion_by_uid(uid: UUID) -> Promotion | None:
    """Return a promotion with everything that running it needs, or ``None`` if it is gone."""
    return (
        Promotion.objects.select_related(
            "project__tenant", "stage", "freight__warehouse", "request"
        )
        .filter(uid=uid)
        .first()
    )


def unfinished_in(stage: Stage) -> list[Promotion]:
    """Return a Stage's promotions that are not terminal: running first, then oldest first.

    Those that a promotion request made are its own business, here and below.
    """
    rows = (
        Promotion.objects.filter(stage=stage, request__isnull=True)
        .exclude(phase__in=_TERMINAL_VALUES)
        .select_related("freight__warehouse")
    )
    return sorted(rows, key=lambda row: (row.phase != "Running", row.name))


def is_let_in(promotion: Promotion) -> bool:
    """Return whether its Stage lets it run: by itself, or with the request that made it."""
    if promotion.request_id is not None:
        return promotion.stage.current_request_id == promotion.request_id
    return promotion.stage.current_promotion_id == promotion.pk


def is_alone(promotion: Promotion) -> bool:
    """Return whether no other promotion of its Stage waits or runs."""
    rows = Promotion.objects.filter(stage=promotion.stage).exclude(phase__in=_TERMINAL_VALUES)
    rows = rows.filter(request__isnull=True)
    return not rows.exclude(pk=promotion.pk).exists()


def finished_after(stage: Stage, name: str) -> list[Promotion]:
    """Return a Stage's terminal promotions with greater names than ``name``, oldest first."""
    rows = Promotion.objects.filter(stage=stage, phase__in=_TERMINAL_VALUES, name__gt=name)
    rows = rows.filter(request__isnull=True, is_discarded=False)
    return list(rows.select_related("freight__warehouse").order_by("name"))


def has_unprocessed(stage: Stage, freight_pk: int) -> bool:
    """Return whether a promotion of this Freight waits, runs, or succeeded unseen by the Stage."""
    last = stage.last_promotion.name if stage.last_promotion else ""
    rows = Promotion.objects.filter(stage=stage, freight_id=freight_pk)
    waiting = rows.exclude(phase__in=_TERMINAL_VALUES).exists()
    return waiting or rows.filter(phase="Succeeded", name__gt=last).exists()


def newest_finished_of(stage: Stage, freight_pk: int) -> Promotion | None:
    """Return the newest terminal promotion of this Freight to this Stage."""
    rows = Promotion.objects.filter(stage=stage, freight_id=freight_pk, phase__in=_TERMINAL_VALUES)
    return rows.order_by("-name").first()
