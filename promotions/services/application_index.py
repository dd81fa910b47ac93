"""Keeps what news of Argo CD Applications look Stages up by, and makes those Stages due."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from common.jsontypes import JSONObject, as_list, as_object
from promotions import queue
from promotions.engine.argocd.addressed import (
    AddressedApp,
    addressed_by_checks,
    addressed_by_steps,
)
from promotions.models import AddressedApplication, Promotion, Stage, WorkKind

AT_ONCE = 500
"""About how many Applications the database is asked in one go."""

_LONGEST = {"namespace": 63, "name": 253}


def index_applications(promotion: Promotion, state: JSONObject) -> None:
    """Have a Stage found also by the Applications that its running promotion addresses.

    Call it in the transaction that stores the promotion's progress.

    Args:
        promotion: At the step that runs.
        state: The outputs of its steps by alias, as they are.
    """
    if wanted := addressed_by_steps(_steps(promotion), state):
        _add(promotion.stage, wanted, known=_known(promotion.stage))


def settle_applications(stage: Stage, promotion: Promotion) -> None:
    """Have a Stage found by the Applications of its last promotion only."""
    found = (
        *addressed_by_steps(_steps(promotion), promotion.state),
        *addressed_by_checks(map(as_object, as_list(promotion.health_checks))),
    )
    wanted = tuple(dict.fromkeys(found))
    known = _known(stage)
    stale = [pk for application, pk in known.items() if application not in wanted]
    if stale:
        AddressedApplication.objects.filter(pk__in=stale).delete()
    _add(stage, wanted, known=known)


def mark_due(
    tenant_uid: UUID,
    *,
    shard: str,
    projects: Collection[str] = (),
    applications: Collection[AddressedApp],
    now: datetime,
) -> int:
    """Make due what depends on Applications that have changed: Stages, or their promotions.

    Args:
        tenant_uid: Whose control plane told.
        shard: The Stages' shard as the control plane serves it; empty is the default one.
        projects: By name, those that the control plane is bound to; empty is any.
        applications: What has changed.
        now: When to look again.

    Returns:
        How many Stages and promotions were made due.
    """
    stages: dict[UUID, UUID | None] = {}
    changed = sorted(applications)
    for start in range(0, len(changed), AT_ONCE):
        stages |= _depending(_stages(tenant_uid, shard, projects), changed[start : start + AT_ONCE])
    _wake(stages, now=now)
    return len(stages)


def mark_all_due(
    tenant_uid: UUID, *, shard: str, projects: Collection[str] = (), now: datetime
) -> None:
    """Make due whatever depends on any Application of a control plane; as :func:`mark_due`."""
    rows = _stages(tenant_uid, shard, projects).order_by()
    _wake(dict(rows.values_list("stage__uid", "stage__current_promotion__uid")), now=now)


def _wake(stages: Mapping[UUID, UUID | None], *, now: datetime) -> None:
    """Make Stages due, or else the promotions that they run."""
    promotions = [uid for uid in stages.values() if uid is not None]
    idle = [uid for uid, current in stages.items() if current is None]
    queue.wake_many(kind=WorkKind.PROMOTION, uids=promotions, at=now)
    queue.wake_many(kind=WorkKind.STAGE, uids=idle, at=now)


def _stages(
    tenant_uid: UUID, shard: str, projects: Collection[str]
) -> QuerySet[AddressedApplication]:
    """Return what the Stages depend on that a control plane serves."""
    rows = AddressedApplication.objects.filter(
        tenant_uid=tenant_uid,
        stage__shard__in=_stage_shards(shard),
        stage__deleted_at__isnull=True,
    )
    return rows.filter(stage__project__name__in=projects) if projects else rows


def _depending(
    rows: QuerySet[AddressedApplication], applications: list[AddressedApp]
) -> dict[UUID, UUID | None]:
    """Return the Stages, each with the promotion that it runs, by what they depend on."""
    wanted = set(applications)
    found = rows.filter(name__in={it.name for it in applications})
    return {
        stage: promotion
        for namespace, name, stage, promotion in found.values_list(
            "namespace", "name", "stage__uid", "stage__current_promotion__uid"
        )
        if AddressedApp(namespace, name) in wanted
    }


def _known(stage: Stage) -> dict[AddressedApp, int]:
    rows = AddressedApplication.objects.filter(stage=stage)
    return {
        AddressedApp(namespace, name): pk
        for namespace, name, pk in rows.values_list("namespace", "name", "pk")
    }


def _add(
    stage: Stage, wanted: Iterable[AddressedApp], *, known: Mapping[AddressedApp, int]
) -> None:
    tenant_uid = stage.project.tenant.uid
    missing = [it for it in wanted if it not in known and _fits(it)]
    if not missing:
        return
    AddressedApplication.objects.bulk_create(
        (
            AddressedApplication(
                tenant_uid=tenant_uid, stage=stage, namespace=it.namespace, name=it.name
            )
            for it in missing
        ),
        ignore_conflicts=True,
    )


def _stage_shards(shard: str) -> set[str]:
    """Return how Stages may write a shard; the default one has a name too."""
    is_default = shard in {"", settings.DEFAULT_SHARD}
    return {"", settings.DEFAULT_SHARD} if is_default else {shard}


def _fits(application: AddressedApp) -> bool:
    """Return whether Kubernetes could have such an Application at all."""
    return (
        len(application.namespace) <= _LONGEST["namespace"]
        and len(application.name) <= _LONGEST["name"]
    )


def _steps(promotion: Promotion) -> list[JSONObject]:
    return [as_object(it) for it in as_list(promotion.spec.get("steps"))]
