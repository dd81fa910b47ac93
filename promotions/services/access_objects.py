"""What saving and deleting access objects of all kinds has in common."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rbac import audit
from rbac.actors import Actor
from rbac.models.role import AccessObject


def audit_access(
    row: AccessObject,
    verb: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """Audit what was done to an access object, such as ``role_binding.update``.

    ``before`` and ``after`` are all that is kept of it; what did not change is left out.
    """
    old, new = dict(before or {}), dict(after or {})
    keys = {key for key in (*old, *new) if old.get(key) != new.get(key)}
    kind = kind_of_access(row)
    act = audit.Act(
        action=f"{_NOUNS[kind]}.{verb}",
        kind=kind,
        tenant_uid=row.tenant_uid,
        project_uid=row.project_uid,
        object_uid=row.uid,
        object_name=row.name,
        before=None if before is None else {key: old[key] for key in sorted(keys) if key in old},
        after=None if after is None else {key: new[key] for key in sorted(keys) if key in new},
    )
    audit.record(act, actor=actor, at=now)


def kind_of_access(row: AccessObject) -> str:
    """Return the Kubernetes kind of a row: without a namespace, that which begins with Cluster."""
    kind = type(row).__name__
    return kind if row.namespace or kind == "ServiceAccount" else f"Cluster{kind}"


_NOUNS = {
    "ClusterRole": "cluster_role",
    "ClusterRoleBinding": "cluster_role_binding",
    "Role": "role_object",
    "RoleBinding": "role_binding",
    "ServiceAccount": "service_account",
}
"""What actions begin with; ``role`` is a Kargo role, which is more than a Role."""
