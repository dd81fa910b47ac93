"""Decides whether an actor may do something: one table, asked by every door.

Source: Kargo's default project roles (kargo-admin, kargo-promoter, kargo-viewer).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from rbac.actors import Actor, Grant

PUBLIC = "public"
"""Stands for a verb where anybody may come in, signed in or not."""
SIGNED_IN = "signed-in"
"""Stands for a verb where it is enough to be somebody."""

READ = frozenset({"get", "list", "watch"})
WRITE = READ | {"create", "update", "patch", "delete"}

_READABLE = (
    "projects",
    "projectconfigs",
    "warehouses",
    "freights",
    "stages",
    "promotions",
    "configmaps",
    "events",
    "analysistemplates",
    "analysisruns",
)
_VIEWER: Mapping[str, frozenset[str]] = dict.fromkeys(_READABLE, READ)
RULES: Mapping[str, Mapping[str, frozenset[str]]] = {
    "kargo-viewer": _VIEWER,
    "kargo-promoter": {
        **_VIEWER,
        "promotions": READ | {"create"},
        "stages": READ | {"promote"},
        "freights": READ | {"patch"},
    },
    "kargo-admin": {
        **dict.fromkeys(_READABLE, WRITE),
        "stages": WRITE | {"promote"},
        "secrets": WRITE,
        "messagechannels": WRITE,
        "promotiontasks": WRITE,
    },
}


@dataclass(frozen=True, slots=True)
class Scope:
    """Where something is asked for: a tenant as a whole, or one project of it."""

    tenant_uid: UUID
    project_uid: UUID | None = None


def is_allowed(
    actor: Actor,
    *,
    verb: str,
    resource: str,
    tenant_uid: UUID,
    project_uid: UUID | None = None,
) -> bool:
    """Return whether ``actor`` may ``verb`` a ``resource`` there.

    ``project_uid`` null asks about the tenant as a whole, which only a tenant-wide grant covers.
    """
    if actor.tenant_uid is not None and actor.tenant_uid != tenant_uid:
        return False
    if actor.is_operator:
        return True
    return any(
        _covers(grant, tenant_uid=tenant_uid, project_uid=project_uid)
        and verb in RULES.get(grant.role, {}).get(resource, frozenset())
        for grant in actor.grants
    )


def _covers(grant: Grant, *, tenant_uid: UUID, project_uid: UUID | None) -> bool:
    if grant.tenant_uid != tenant_uid:
        return False
    return grant.project_uid is None or grant.project_uid == project_uid
