"""Kargo roles: a ServiceAccount, with whatever is bound to it.

Source: Kargo ``pkg/server/rbac``. A role is there exactly if its ServiceAccount is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar
from uuid import uuid5

from django.db.models import Q, QuerySet

from common.errors import InvalidError, NotFoundError
from rbac.authorizer import Scope
from rbac.claims import ClaimMap, sorted_claims
from rbac.defaults import PROJECT_ROLES, SYSTEM_ROLES
from rbac.labels import MANAGED, SYSTEM_ROLE, TRUE
from rbac.models import Role, RoleBinding, RoleBindingSubject, ServiceAccount
from rbac.models.role import AccessObject
from rbac.namespaces import KARGO_NAMESPACE
from rbac.rules import Rule, normalise, read_rules
from rbac.selectors.grants import default_rules

CLUSTER_ROLE, NAMESPACED_ROLE = "ClusterRole", "Role"

AccessObjectT = TypeVar("AccessObjectT", bound=AccessObject)

Subject = tuple[str, str]
"""The namespace and name of a ServiceAccount."""


@dataclass(frozen=True, slots=True)
class Binding:
    """A RoleBinding or ClusterRoleBinding with the ServiceAccounts that it names."""

    row: RoleBinding
    subjects: tuple[Subject, ...]


@dataclass(frozen=True)
class KargoRole:
    """A Kargo role and what it is made of.

    Of a default role, which has no Role and RoleBinding of its own in the database, they are made
    up here.
    """

    account: ServiceAccount
    roles: tuple[Role, ...] = ()
    cluster_roles: tuple[Role, ...] = ()
    bindings: tuple[Binding, ...] = ()

    @property
    def name(self) -> str:
        """Its name, which is that of its ServiceAccount."""
        return self.account.name

    @cached_property
    def claims(self) -> ClaimMap:
        """The claims that lead to it, sorted."""
        return sorted_claims(self.account.claims)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """What it allows: all rules of its Roles and ClusterRoles, normalised if it is managed."""
        given = tuple(
            rule for role in (*self.roles, *self.cluster_roles) for rule in read_rules(role.rules)
        )
        if not self.is_managed:
            return given
        try:
            return normalise(given)
        except InvalidError:  # somebody wrote the Role by hand, and kept it marked as managed
            return given

    @property
    def is_managed(self) -> bool:
        """Whether the operations on roles may change it."""
        return not self.obstacle

    @cached_property
    def obstacle(self) -> str:
        """Why the operations on roles may not change it, in words; empty if they may."""
        bindings = tuple(it.row for it in self.bindings)
        who = f'ServiceAccount "{self.name}" in namespace "{self.account.namespace}"'
        if self.cluster_roles or any(not it.namespace for it in bindings):
            return f"{who} is bound to ClusterRoles"
        if len(self.roles) > 1:
            return f"multiple Roles associated with {who}"
        if len(bindings) > 1:
            return f"multiple RoleBindings associated with {who}"
        for row in (self.account, *self.roles, *bindings):
            if row.annotations.get(MANAGED) != TRUE:
                noun = type(row).__name__
                where = f'{noun} "{row.name}" in namespace "{row.namespace}"'
                return f"{where} is not annotated as Kargo-managed"
        return ""


def kargo_roles(where: Scope) -> list[KargoRole]:
    """Return the roles of a namespace, by name, in a fixed number of queries.

    In the tenant's own namespace ``kargo`` those are the system roles.
    """
    accounts = sorted(_accounts(where), key=lambda account: account.name)
    return _with_parts(accounts, where)


def kargo_role(where: Scope, name: str, *, is_locked: bool = False) -> KargoRole:
    """Return one role; with ``is_locked``, nobody else changes it before the transaction ends.

    Raises:
        NotFoundError: There is none of that name.
    """
    rows = _accounts(where).filter(name=name)
    account = (rows.select_for_update() if is_locked else rows).first()
    if account is None:
        raise NotFoundError(f'roles.rbac.kargo.akuity.io "{name}" not found')
    return _with_parts([account], where)[0]


def service_account(where: Scope, name: str) -> ServiceAccount:
    """Return a ServiceAccount, whether or not it is a role.

    Raises:
        NotFoundError: There is none of that name.
    """
    account = ServiceAccount.objects.filter(in_namespace(where), name=name).first()
    if account is None:
        raise NotFoundError(f'serviceaccounts "{name}" not found')
    return account


def default_roles_at(where: Scope) -> Mapping[str, tuple[Rule, ...]]:
    """Return the rules of the roles that the platform makes in a namespace, by name."""
    if where.project_uid is not None:
        return PROJECT_ROLES
    return SYSTEM_ROLES if where.namespace == KARGO_NAMESPACE else {}


def in_namespace(where: Scope) -> Q:
    """Return the condition for access objects of one namespace, or of none at all."""
    return Q(tenant_uid=where.tenant_uid, project_uid=where.project_uid, namespace=where.namespace)


def subjects_of(bindings: Iterable[RoleBinding]) -> dict[int, tuple[Subject, ...]]:
    """Return whom bindings name, sorted, by the binding's key."""
    found: dict[int, list[Subject]] = {it.pk: [] for it in bindings}
    rows = RoleBindingSubject.objects.filter(binding__in=found).order_by("namespace", "name")
    for row in rows:
        found[row.binding_id].append((row.namespace, row.name))
    return {pk: tuple(sorted(subjects)) for pk, subjects in found.items()}


def managed_binding(where: Scope, name: str) -> RoleBinding:
    """Return a new RoleBinding, not stored, of a Kargo role to its own Role."""
    return RoleBinding(**_identity(where, name), role_kind=NAMESPACED_ROLE, role_name=name)


def managed_role(where: Scope, name: str, rules: Iterable[Rule] = ()) -> Role:
    """Return a new Role, not stored, that a Kargo role is made of."""
    return Role(**_identity(where, name), rules=[rule.to_json() for rule in rules])


def _identity(where: Scope, name: str) -> dict[str, object]:
    return {
        "tenant_uid": where.tenant_uid,
        "project_uid": where.project_uid,
        "namespace": where.namespace,
        "name": name,
        "annotations": {MANAGED: TRUE},
    }


def _accounts(where: Scope) -> QuerySet[ServiceAccount]:
    rows = ServiceAccount.objects.filter(in_namespace(where))
    if where.project_uid is None and where.namespace == KARGO_NAMESPACE:
        return rows.filter(**{f"labels__{SYSTEM_ROLE}": TRUE})
    return rows


def _with_parts(accounts: list[ServiceAccount], where: Scope) -> list[KargoRole]:
    bound = _bindings(accounts, where)
    rows = {it.pk: it for found in bound.values() for it in found}.values()
    subjects = subjects_of(rows)
    stored = _roles(rows, where)
    roles = []
    for account in accounts:
        found = bound.get(account.name, [])
        own, cluster = _referred(found, stored)
        bindings = tuple(Binding(it, subjects[it.pk]) for it in found)
        roles.append(_with_defaults(KargoRole(account, own, cluster, bindings), where))
    return roles


def _bindings(accounts: list[ServiceAccount], where: Scope) -> dict[str, list[RoleBinding]]:
    """Return what binds each ServiceAccount here and everywhere, by its name."""
    subjects = RoleBindingSubject.objects.filter(
        namespace=where.namespace,
        name__in=[account.name for account in accounts],
        binding__tenant_uid=where.tenant_uid,
        binding__namespace__in={where.namespace, ""},
    )
    found: dict[str, list[RoleBinding]] = {}
    for subject in subjects.select_related("binding"):
        found.setdefault(subject.name, []).append(subject.binding)
    return {name: sorted(rows, key=_place_and_name) for name, rows in found.items()}


def _roles(bindings: Iterable[RoleBinding], where: Scope) -> Mapping[Subject, Role]:
    rows = Role.objects.filter(
        tenant_uid=where.tenant_uid,
        namespace__in={where.namespace, ""},
        name__in={it.role_name for it in bindings},
    )
    return {(role.namespace, role.name): role for role in rows}


def _referred(
    bindings: Iterable[RoleBinding], roles: Mapping[Subject, Role]
) -> tuple[tuple[Role, ...], tuple[Role, ...]]:
    """Return the Roles and the ClusterRoles that bindings refer to, each once."""
    own: dict[Subject, Role] = {}
    cluster: dict[Subject, Role] = {}
    for binding in bindings:
        is_cluster = binding.role_kind == CLUSTER_ROLE
        key = ("" if is_cluster else binding.namespace, binding.role_name)
        role = roles.get(key) or _default_role(binding)
        if role is not None:
            (cluster if is_cluster else own)[key] = role
    return tuple(own.values()), tuple(cluster.values())


def _default_role(binding: RoleBinding) -> Role | None:
    """Return the default role that a binding refers to, if it is one."""
    rules = default_rules(binding)
    here = Scope(binding.tenant_uid)
    if binding.role_kind != CLUSTER_ROLE:
        here = Scope(binding.tenant_uid, binding.project_uid, binding.namespace)
    return managed_role(here, binding.role_name, rules) if rules else None


def _with_defaults(role: KargoRole, where: Scope) -> KargoRole:
    """Return the role with the parts that a default role has without their being stored."""
    is_system = where.project_uid is None
    rules = default_roles_at(where).get(role.name)
    if rules is None:
        return role
    home = Scope(where.tenant_uid) if is_system else where
    own = _made_up(managed_role(home, role.name, rules), role)
    row = _made_up(managed_binding(home, role.name), role)
    binding = Binding(row, ((where.namespace, role.name),))
    if not is_system:
        return replace(role, roles=(own, *role.roles), bindings=(binding, *role.bindings))
    row.role_kind = CLUSTER_ROLE
    clusters = (own, *(it for it in role.cluster_roles if it.name != own.name))
    return replace(role, cluster_roles=clusters, bindings=(binding, *role.bindings))


def _made_up(part: AccessObjectT, role: KargoRole) -> AccessObjectT:
    part.created_at = role.account.created_at
    part.uid = uuid5(role.account.uid, type(part).__name__)
    return part


def _place_and_name(row: AccessObject) -> tuple[str, str]:
    return row.namespace, row.name
