"""Deletes old promotions and Freight of projects that ask for it; without a policy all is kept.

What is deleted is gone as if a person had deleted it: its row stays as history, with what it did
to Stages, and the audit says that the garbage collector did it. Promotions that a promotion
request made are no generations of their own: they stay, and go, with it.
Source: Kargo ``pkg/garbage``; there every project is collected, with limits of the installation.
"""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from django.db import transaction
from django.db.models import Max, QuerySet

from common.errors import InvalidError, PlatformError
from common.jsontypes import JSONObject, as_object, as_text
from projects.models import Project, ProjectConfig
from promotions import queue
from promotions.engine.garbage import Kept, Retention, surplus
from promotions.engine.phases import TERMINAL
from promotions.engine.rollback import STABLE_FREIGHT
from promotions.manifests.promotion_steps import duration_from
from promotions.models import (
    Freight,
    FreightCollection,
    FreightCollectionItem,
    Promotion,
    PromotionRequest,
    Stage,
    Warehouse,
    WorkKind,
)
from promotions.selectors.rollbacks import rollback_policy_of, stable_freight
from promotions.services.freight import delete_freight
from promotions.services.promotion_requests import delete_promotion_request, hold_passes
from promotions.services.promotions import delete_promotion
from rbac.actors import controller

Old = Promotion | PromotionRequest | Freight
"""What may be deleted."""

logger = logging.getLogger(__name__)

GARBAGE_EVERY = timedelta(minutes=10)
MOST_AT_ONCE = 500
"""How much one run deletes; the rest waits for the next."""
DEFAULT_MOST = 20
DEFAULT_MIN_AGE = timedelta(hours=336)
_TERMINAL_VALUES = [phase.value for phase in TERMINAL]


def collect_garbage(*, now: datetime, limit: int = MOST_AT_ONCE) -> int:
    """Delete what projects' policies let go, at most ``limit``; return how much was deleted.

    What cannot be deleted stays, is logged, and keeps nothing else. Safe to run anywhere.
    """
    configs = ProjectConfig.objects.filter(spec__has_key="retention")
    wanted = configs.select_related("project__tenant").order_by("pk")
    old = (it for config in wanted if _is_open(config.project) for it in _old(config, now))
    return sum(_delete(it, now=now) for it in islice(old, limit))


def _is_open(project: Project) -> bool:
    return project.deleted_at is None and project.tenant.suspended_at is None


def _old(config: ProjectConfig, now: datetime) -> Iterator[Old]:
    """Yield what a project lets go; nothing more once its policy turns out to be unreadable."""
    try:
        yield from _surplus(config, now)
    except InvalidError as error:
        facts = {"project": config.project.name, "reason": error.message}
        logger.warning("retention not understood", extra=facts)


def _surplus(config: ProjectConfig, now: datetime) -> Iterator[Old]:
    retention = as_object(config.spec.get("retention"))
    stages = Stage.objects.filter(project=config.project).order_by("name", "pk")
    if "promotions" in retention:
        limits = _limits(as_object(retention["promotions"]))
        for stage in stages:
            rows = Promotion.objects.filter(stage=stage, request__isnull=True)
            yield from _old_promotions(rows, limits, now=now)
    if "promotionRequests" in retention:
        limits = _limits(as_object(retention["promotionRequests"]))
        for stage in stages:
            yield from _old_requests(stage, limits, now=now)
    if "freight" in retention:
        limits = _limits(as_object(retention["freight"]))
        stable = _stable(config.project)
        for warehouse in Warehouse.objects.filter(project=config.project).order_by("name", "pk"):
            yield from _old_freight(warehouse, limits, stable=stable, now=now)


def _limits(document: JSONObject) -> Retention:
    most = document.get("maxRetained")
    age = as_text(document.get("minAge"))
    return Retention(
        most=most if isinstance(most, int) else DEFAULT_MOST,
        min_age=duration_from(age) if age else DEFAULT_MIN_AGE,
    )


def _old_promotions(
    rows: QuerySet[Promotion], limits: Retention, *, now: datetime
) -> list[Promotion]:
    kept = [
        Kept(pk, at, phase not in _TERMINAL_VALUES)
        for pk, at, phase in rows.values_list("pk", "created_at", "phase")
    ]
    return list(rows.filter(pk__in=surplus(kept, limits, now=now)).order_by("created_at", "pk"))


def _old_requests(stage: Stage, limits: Retention, *, now: datetime) -> list[PromotionRequest]:
    rows = PromotionRequest.objects.filter(stage=stage)
    kept = [
        Kept(pk, at, finished_at is None)
        for pk, at, finished_at in rows.values_list("pk", "created_at", "finished_at")
    ]
    return list(rows.filter(pk__in=surplus(kept, limits, now=now)).order_by("created_at", "pk"))


def _stable(project: Project) -> set[str]:
    """Return the names of the Freight that Stages would go back to after a failure."""
    stages = Stage.objects.filter(project=project, metadata__has_key=STABLE_FREIGHT)
    return {
        name
        for stage in stages.select_related("project")
        if rollback_policy_of(stage) is not None
        for name in stable_freight(stage).values()
    }


def _old_freight(
    warehouse: Warehouse, limits: Retention, *, stable: set[str], now: datetime
) -> list[Freight]:
    """Return old Freight that no Stage holds or goes back to, and that nothing brings anywhere."""
    newest = (
        FreightCollection.objects.filter(stage__project=warehouse.project)
        .filter(stage__deleted_at__isnull=True)
        .order_by()
        .values("stage")
        .annotate(newest=Max("pk"))
        .values("newest")
    )
    held = FreightCollectionItem.objects.filter(collection__in=newest)
    moving = Promotion.objects.filter(project=warehouse.project, finished_at__isnull=True)
    asked = PromotionRequest.objects.filter(project=warehouse.project, finished_at__isnull=True)
    in_use = {
        pk for rows in (held, moving, asked) for pk in rows.values_list("freight_id", flat=True)
    }
    rows = Freight.objects.filter(warehouse=warehouse)
    in_use |= set(rows.filter(name__in=stable).values_list("pk", flat=True))
    kept = [Kept(pk, at, pk in in_use) for pk, at in rows.values_list("pk", "discovered_at")]
    return list(rows.filter(pk__in=surplus(kept, limits, now=now)).order_by("discovered_at", "pk"))


def _delete(old: Old, *, now: datetime) -> bool:
    """Delete one thing, unless somebody else has just done so."""
    try:
        with transaction.atomic():
            _hold_passes(old)
            row = type(old).objects.select_for_update(of=("self",)).filter(pk=old.pk).first()
            if row is None:
                return False
            _delete_as_person(row, now=now)
    except PlatformError as error:
        logger.warning("garbage not deleted", extra={"object": old.name, "reason": error.message})
        return False
    logger.info("garbage deleted", extra={"kind": type(old).__name__, "object": old.name})
    return True


def _hold_passes(old: Old) -> None:
    """Lock the work before the row, as passes do."""
    match old:
        case Promotion():
            queue.hold(WorkKind.PROMOTION, [old.uid])
        case PromotionRequest():
            hold_passes([old])
        case Freight():
            pass


def _delete_as_person(old: Old, *, now: datetime) -> None:
    actor = controller("garbage-collector")
    match old:
        case Promotion():
            delete_promotion(old, actor=actor, reason="the project's retention", now=now)
        case PromotionRequest():
            delete_promotion_request(old, actor=actor, now=now)
        case Freight():
            delete_freight(old, actor=actor, now=now)
