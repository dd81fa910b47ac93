"""Saves and deletes RoleBindings and ClusterRoleBindings, as manifests have them."""

from datetime import datetime
from typing import Any

from django.db import transaction

from common.errors import FieldProblem, InvalidError, NotFoundError
from projects.models import Tenant
from promotions.manifests.role_binding import RoleBindingManifest
from promotions.services.access_objects import audit_access, kind_of_access
from promotions.services.access_places import access_place, place_of_manifest
from promotions.services.role_objects import refuse_default_name
from promotions.services.saving import Outcome, Saved
from rbac.actors import Actor
from rbac.authorizer import Scope
from rbac.models import Role, RoleBinding
from rbac.rules import Rule, read_rules
from rbac.selectors.grants import default_rules
from rbac.selectors.roles import CLUSTER_ROLE, in_namespace, subjects_of
from rbac.services.escalation import require_held
from rbac.services.role_parts import save_new, store_subjects

_COLUMNS = ("labels", "annotations")


@transaction.atomic
def save_role_binding(
    tenant: Tenant, manifest: RoleBindingManifest, *, actor: Actor, now: datetime
) -> Saved[Any]:
    """Create or update a RoleBinding or, without a namespace, a ClusterRoleBinding.

    Raises:
        NotFoundError: The role that it refers to is not there, or its namespace is not.
        ForbiddenError: ``actor`` does not hold what that role allows, where the binding is.
        InvalidError: It is there and refers to another role.
        ConflictError: It is called as a default role is.
    """
    metadata, reference = manifest.metadata, manifest.role_ref
    where = place_of_manifest(tenant, manifest)
    refuse_default_name(where, metadata.name)
    rows = RoleBinding.objects.select_for_update().filter(in_namespace(where))
    stored = rows.filter(name=metadata.name).first()
    binding = stored or _blank(where, manifest, now=now)
    if (binding.role_kind, binding.role_name) != (reference.kind, reference.name):
        raise _other_role(binding)
    require_held(actor, _rules_of(binding, where), at=where)
    before = _facts(binding) if stored else None
    after = {
        "labels": metadata.own_labels(),
        "annotations": metadata.own_annotations(),
        "role": f"{binding.role_kind}/{binding.role_name}",
        "subjects": sorted(map("/".join, manifest.accounts())),
    }
    if after == before:
        return Saved(binding, Outcome.UNCHANGED)
    binding.labels, binding.annotations = metadata.own_labels(), metadata.own_annotations()
    if stored is None:
        save_new(binding, noun=f"{kind_of_access(binding).lower()}s.rbac.authorization.k8s.io")
    else:
        binding.save(update_fields=_COLUMNS)
    store_subjects(binding, manifest.accounts())
    verb = "update" if stored else "create"
    audit_access(binding, verb, before=before, after=after, actor=actor, now=now)
    return Saved(binding, Outcome.UPDATED if stored else Outcome.CREATED)


@transaction.atomic
def delete_role_binding(binding: RoleBinding, *, actor: Actor, now: datetime) -> None:
    """Delete a RoleBinding or ClusterRoleBinding."""
    before = _facts(binding)
    binding.delete()
    audit_access(binding, "delete", before=before, actor=actor, now=now)


def role_binding_named(tenant: Tenant, namespace: str, name: str) -> RoleBinding:
    """Return a RoleBinding or, without a namespace, a ClusterRoleBinding.

    Raises:
        NotFoundError: There is none.
    """
    where = access_place(tenant, namespace)
    refuse_default_name(where, name)
    binding = RoleBinding.objects.filter(in_namespace(where), name=name).first()
    if binding is None:
        plural = "rolebindings" if namespace else "clusterrolebindings"
        raise NotFoundError(f'{plural}.rbac.authorization.k8s.io "{name}" not found')
    return binding


def _rules_of(binding: RoleBinding, where: Scope) -> tuple[Rule, ...]:
    """Return the rules that a binding gives; one that cannot be judged is refused."""
    is_cluster = binding.role_kind == CLUSTER_ROLE
    home = Scope(where.tenant_uid) if is_cluster else where
    role = Role.objects.filter(in_namespace(home), name=binding.role_name).first()
    rules = read_rules(role.rules) if role is not None else default_rules(binding)
    if role is None and not rules:
        plural = "clusterroles" if is_cluster else "roles"
        raise NotFoundError(
            f'{plural}.rbac.authorization.k8s.io "{binding.role_name}" not found; '
            "apply it before, or with, what binds it"
        )
    return rules


def _facts(binding: RoleBinding) -> dict[str, Any]:
    subjects = subjects_of([binding])[binding.pk]
    return {
        "labels": binding.labels,
        "annotations": binding.annotations,
        "role": f"{binding.role_kind}/{binding.role_name}",
        "subjects": sorted(map("/".join, subjects)),
    }


def _other_role(binding: RoleBinding) -> InvalidError:
    problem = FieldProblem("roleRef", "is immutable; delete the binding and create another")
    message = f'{kind_of_access(binding)} "{binding.name}" is invalid: {problem}'
    return InvalidError(message, code="immutable", problems=(problem,))


def _blank(where: Scope, manifest: RoleBindingManifest, *, now: datetime) -> RoleBinding:
    return RoleBinding(
        tenant_uid=where.tenant_uid,
        project_uid=where.project_uid,
        namespace=where.namespace,
        name=manifest.metadata.name,
        role_kind=manifest.role_ref.kind,
        role_name=manifest.role_ref.name,
        created_at=now,
    )
