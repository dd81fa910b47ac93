"""Saves and deletes Roles and ClusterRoles, as manifests have them."""

from datetime import datetime
from typing import Any

from django.db import transaction

from common.errors import ConflictError, NotFoundError
from projects.models import Tenant
from promotions.manifests.role import RoleManifest
from promotions.services.access_objects import audit_access, kind_of_access
from promotions.services.access_places import access_place, place_of_manifest
from promotions.services.saving import Outcome, Saved
from rbac.actors import Actor
from rbac.authorizer import Scope
from rbac.models import Role
from rbac.selectors.roles import default_roles_at, in_namespace
from rbac.services.escalation import require_held
from rbac.services.role_parts import save_new

_COLUMNS = ("labels", "annotations", "rules")


@transaction.atomic
def save_role_object(
    tenant: Tenant, manifest: RoleManifest, *, actor: Actor, now: datetime
) -> Saved[Any]:
    """Create or update a Role or, without a namespace, a ClusterRole.

    Raises:
        NotFoundError: Its namespace is neither a project nor the tenant's own.
        ForbiddenError: ``actor`` does not hold what it allows, where it allows it.
        ConflictError: It is called as a default role is.
    """
    metadata = manifest.metadata
    where = place_of_manifest(tenant, manifest)
    refuse_default_name(where, metadata.name)
    rules = manifest.own_rules()
    require_held(actor, rules, at=where)
    rows = Role.objects.select_for_update().filter(in_namespace(where))
    stored = rows.filter(name=metadata.name).first()
    role = stored or _blank(where, metadata.name, now=now)
    before = {key: getattr(role, key) for key in _COLUMNS} if stored else None
    after = {
        "labels": metadata.own_labels(),
        "annotations": metadata.own_annotations(),
        "rules": [rule.to_json() for rule in rules],
    }
    if after == before:
        return Saved(role, Outcome.UNCHANGED)
    for key, value in after.items():
        setattr(role, key, value)
    if stored is None:
        save_new(role, noun=f"{kind_of_access(role).lower()}s.rbac.authorization.k8s.io")
    else:
        role.save(update_fields=_COLUMNS)
    verb = "update" if stored else "create"
    audit_access(role, verb, before=before, after=after, actor=actor, now=now)
    return Saved(role, Outcome.UPDATED if stored else Outcome.CREATED)


@transaction.atomic
def delete_role_object(role: Role, *, actor: Actor, now: datetime) -> None:
    """Delete a Role or ClusterRole; what is bound to it gives nothing any more."""
    before = {key: getattr(role, key) for key in _COLUMNS}
    role.delete()
    audit_access(role, "delete", before=before, actor=actor, now=now)


def role_object_named(tenant: Tenant, namespace: str, name: str) -> Role:
    """Return a Role or, without a namespace, a ClusterRole.

    Raises:
        NotFoundError: There is none.
    """
    where = access_place(tenant, namespace)
    refuse_default_name(where, name)
    role = Role.objects.filter(in_namespace(where), name=name).first()
    if role is None:
        plural = "roles" if namespace else "clusterroles"
        raise NotFoundError(f'{plural}.rbac.authorization.k8s.io "{name}" not found')
    return role


def refuse_default_name(where: Scope, name: str) -> None:
    """Return if the name is not that of one of a project's default roles.

    Raises:
        ConflictError: It is; what those are made of is the platform's own.
    """
    if where.project_uid is not None and name in default_roles_at(where):
        raise ConflictError(
            f'"{name}" belongs to one of the platform\'s own roles and cannot be changed; '
            "choose another name",
            code="default_role",
        )


def _blank(where: Scope, name: str, *, now: datetime) -> Role:
    return Role(
        tenant_uid=where.tenant_uid,
        project_uid=where.project_uid,
        namespace=where.namespace,
        name=name,
        created_at=now,
    )
