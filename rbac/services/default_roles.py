"""Makes the roles that every tenant and every project has, and removes a project's roles.

Source: Kargo's management controller, ``pkg/controller/management/projects``.
"""

from datetime import datetime
from uuid import UUID

from django.db.models import Q

from rbac.actors import Actor
from rbac.claims import ClaimMap, annotation_of
from rbac.defaults import DESCRIPTIONS, PROJECT_ROLES, SYSTEM_ROLES
from rbac.labels import DESCRIPTION, MANAGED, SYSTEM_ROLE
from rbac.models import (
    ApiToken,
    Membership,
    Role,
    RoleBinding,
    RoleBindingSubject,
    ServiceAccount,
)
from rbac.namespaces import KARGO_NAMESPACE
from rbac.services.service_accounts import index_claims

_NOT_PEOPLE = ("kubernetes", "controller", "operator")


def make_project_roles(
    *, tenant_uid: UUID, project_uid: UUID, namespace: str, creator: Actor, now: datetime
) -> None:
    """Make a new project's default roles; its creator is claimed to all of them.

    Only somebody known by a claim can be: not the admin, a program or the platform itself.
    """
    claims = _creator_claims(creator)
    accounts = [
        ServiceAccount(
            tenant_uid=tenant_uid,
            project_uid=project_uid,
            namespace=namespace,
            name=name,
            annotations={**_annotations(name), **annotation_of(claims)},
            claims={key: list(values) for key, values in claims.items()},
            is_default=True,
            created_at=now,
        )
        for name in PROJECT_ROLES
    ]
    _store(accounts)


def make_system_roles(*, tenant_uid: UUID, now: datetime) -> None:
    """Make those of a tenant's system roles that it lacks."""
    rows = ServiceAccount.objects.filter(tenant_uid=tenant_uid, namespace=KARGO_NAMESPACE)
    known = set(rows.values_list("name", flat=True))
    accounts = [
        ServiceAccount(
            tenant_uid=tenant_uid,
            namespace=KARGO_NAMESPACE,
            name=name,
            labels={SYSTEM_ROLE: "true"},
            annotations=_annotations(name),
            is_default=True,
            created_at=now,
        )
        for name in SYSTEM_ROLES
        if name not in known
    ]
    _store(accounts)


def remove_project_roles(*, tenant_uid: UUID, project_uid: UUID, namespace: str) -> None:
    """Remove all that grants something in, or to a role of, a project that is deleted."""
    RoleBindingSubject.objects.filter(binding__tenant_uid=tenant_uid, namespace=namespace).delete()
    here = Q(tenant_uid=tenant_uid, project_uid=project_uid)
    for model in (RoleBinding, Role, Membership):
        model.objects.filter(here).delete()
    tokens = ApiToken.objects.filter(
        service_account__tenant_uid=tenant_uid, service_account__project_uid=project_uid
    )
    tokens.delete()
    ServiceAccount.objects.filter(here).delete()


def _store(accounts: list[ServiceAccount]) -> None:
    ServiceAccount.objects.bulk_create(accounts)
    index_claims(accounts)


def _annotations(name: str) -> dict[str, str]:
    return {MANAGED: "true", DESCRIPTION: DESCRIPTIONS[name]}


def _creator_claims(creator: Actor) -> ClaimMap:
    claim, _, value = creator.name.partition(":")
    is_person = bool(claim and value) and claim not in _NOT_PEOPLE
    return {_CLAIM_NAMES.get(claim, claim): (value,)} if is_person else {}


_CLAIM_NAMES = {"subject": "sub"}
"""Claims whose names in actors are not those that identity providers use."""
