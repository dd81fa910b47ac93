"""Keeps tenants within their quotas, and counts what they store.

Every check is made in the transaction of what it is about, when the tenant's writers stand in
line: two of them never count the same room. They stand in the line for its audit chain, where
each of them must stand anyway, so that no lock is taken in another order than everybody's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

import orjson
from django.db import transaction
from django.db.models import F

from common.errors import ConflictError, FieldProblem, ForbiddenError, InvalidError
from common.jsontypes import JSONValue
from projects.models import Project, Quota, Tenant
from projects.models.quota import default_limits
from rbac.audit import take_turn

LIMITS: Mapping[str, str] = {
    "max_projects": "projects",
    "max_stages": "stages",
    "max_concurrent_promotions": "concurrent promotions",
    "max_storage_bytes": "bytes of storage",
}
"""What each column of a quota limits, in words."""

SIZED = ("spec", "data", "encrypted", "labels", "annotations")
"""The columns whose contents count as storage, in whatever rows have them."""

WHO_CAN_RAISE_IT = "an operator of the platform can raise the quota"
_MOST = 2**31 - 1


class QuotaError(ForbiddenError):
    """The tenant has used up what it may take of something."""

    code = "quota_exceeded"


@dataclass(frozen=True, slots=True)
class Room:
    """One thing that is limited: how much of it is used, and how much may be."""

    name: str
    used: int
    limit: int | None


def quota_of(tenant_uid: UUID) -> Quota | None:
    """Return a tenant's quota, with the tenant; ``None`` if there is no such tenant (any more).

    A tenant without one is given what the settings say.
    """
    rows = Quota.objects.select_related("tenant").filter(tenant__uid=tenant_uid)
    quota = rows.first()
    if quota is None and (tenant := Tenant.objects.filter(uid=tenant_uid).first()) is not None:
        Quota.objects.get_or_create(tenant=tenant, defaults=default_limits())
        quota = rows.first()
    return quota


def require_room(
    tenant_uid: UUID, limit: str, *, used: Callable[[], int], more: int = 1, remedy: str
) -> None:
    """Return if the tenant may take ``more`` of something; until commit nobody else of it may.

    Args:
        tenant_uid: Whose quota.
        limit: Which column of it, such as ``max_projects``.
        used: Counts what is taken; called only if there is a limit.
        more: How much is asked for.
        remedy: What its people can do themselves, such as ``delete a project``.

    Raises:
        QuotaError: It may not; the message says the quota, the use and who can raise it.
        ConflictError: The tenant is being deleted.
    """
    take_turn(tenant_uid)
    quota = quota_of(tenant_uid)
    if quota is None:
        return
    refuse_if_leaving(quota.tenant)
    most: int | None = getattr(quota, limit)
    if most is None:
        return
    taken = used()
    if taken + more > most:
        raise QuotaError(refusal(quota.tenant, LIMITS[limit], Room(limit, taken, most), remedy))


def require_room_for_project(tenant: Tenant) -> None:
    """Return if the tenant may have one more project.

    Raises:
        QuotaError: It may not.
        ConflictError: It is being deleted.
    """
    require_room(
        tenant.uid,
        "max_projects",
        used=Project.objects.filter(tenant=tenant).count,
        remedy="delete a project",
    )


@transaction.atomic
def charge_storage(tenant_uid: UUID, more_bytes: int) -> None:
    """Count bytes that the tenant stores from now on, or (negative) no longer.

    Giving back is always possible. A tenant that was never measured is not counted, nor limited,
    until it is.

    Raises:
        QuotaError: The tenant may not store that much.
    """
    take_turn(tenant_uid)
    quota = quota_of(tenant_uid)
    if quota is None or quota.storage_bytes is None:
        return
    used, most = quota.storage_bytes, quota.max_storage_bytes
    if more_bytes > 0 and most is not None and used + more_bytes > most:
        room = Room("max_storage_bytes", used, most)
        message = refusal(quota.tenant, LIMITS[room.name], room, "delete what is not needed")
        raise QuotaError(f"{message}; this needs {more_bytes} bytes")
    if more_bytes:
        Quota.objects.filter(pk=quota.pk).update(storage_bytes=F("storage_bytes") + more_bytes)


def size_of(values: Mapping[str, JSONValue]) -> int:
    """Return how many bytes these columns' contents take: of text in UTF-8, of the rest as JSON."""
    return sum(_length(value) for name, value in values.items() if name in SIZED)


def size_of_row(row: object) -> int:
    """Return how many bytes of storage a row takes, without those that refer to it."""
    return size_of({name: getattr(row, name) for name in SIZED if hasattr(row, name)})


def refuse_if_leaving(tenant: Tenant) -> None:
    """Return unless the tenant is being deleted.

    Raises:
        ConflictError: It is.
    """
    if tenant.deletion_requested_at is not None:
        raise ConflictError(
            f'The tenant "{tenant.name}" is being deleted; create another one.',
            code="tenant_deleting",
        )


def refusal(tenant: Tenant, noun: str, room: Room, remedy: str) -> str:
    """Return, in words, that a quota is used up: the same through every door."""
    return (
        f'The tenant "{tenant.name}" has reached its quota of {room.limit} {noun} '
        f"({room.used} used); {remedy}, or ask for more: {WHO_CAN_RAISE_IT}"
    )


def read_limits(values: Mapping[str, object]) -> dict[str, int | None]:
    """Return limits as a quota keeps them; a name that is absent is left as it is.

    Raises:
        InvalidError: A name is not known, or a value is neither null nor a whole number from 0.
    """
    problems = []
    limits: dict[str, int | None] = {}
    for name, value in values.items():
        if name not in LIMITS:
            problems.append(FieldProblem(name, f"is no quota; known are {', '.join(LIMITS)}"))
        elif value is None:
            limits[name] = None
        elif isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _top(name):
            problems.append(FieldProblem(name, f"must be a whole number from 0 to {_top(name)}"))
        else:
            limits[name] = value
    if problems:
        lines = "; ".join(map(str, problems))
        raise InvalidError(f"The quota is invalid: {lines}", problems=tuple(problems))
    return limits


def _top(name: str) -> int:
    return 2**63 - 1 if name == "max_storage_bytes" else _MOST


def _length(value: JSONValue) -> int:
    if value is None:
        return 0
    return len(value.encode() if isinstance(value, str) else orjson.dumps(value))
