"""Which grants somebody holds: from their roles to rules, in a fixed number of queries.

Source: Kargo ``pkg/server/kubernetes`` and ``pkg/server/rbac``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from rbac.actors import Grant
from rbac.claims import Claims
from rbac.defaults import PROJECT_ROLES, SYSTEM_ROLES
from rbac.models import (
    Membership,
    Role,
    RoleBinding,
    RoleBindingSubject,
    ServiceAccount,
    ServiceAccountClaim,
    User,
)
from rbac.namespaces import KARGO_NAMESPACE
from rbac.rules import Rule, read_rules

_MOST_PAIRS = 500
"""More claims than this of one person are not looked at."""


@dataclass(frozen=True, slots=True)
class Place:
    """A ServiceAccount, whether or not there is a row: members hold default roles by name."""

    tenant_uid: UUID
    project_uid: UUID | None
    namespace: str
    name: str


def grants_of_account(account: ServiceAccount) -> tuple[Grant, ...]:
    """Return what a program with a role's token holds: all that is bound to the role."""
    places = (_place(account),)
    return (*_default_grants(places), *(grant for _, grant in _bound(places)))


def grants_of_people(user: User | None, claims: Claims | None) -> tuple[Grant, ...]:
    """Return what somebody holds as a member, and by what is claimed of them.

    What a project's role is bound to outside its project counts only within it: Kargo asks a
    project's roles about their own project alone.
    """
    members = _member_places(user) if user is not None else ()
    claimed = tuple(map(_place, _claimed_accounts(claims))) if claims is not None else ()
    places = tuple(dict.fromkeys((*members, *claimed)))
    if not places:
        return ()
    bound = (_at_home(place, grant) for place, grant in _bound(places))
    return (*_default_grants(places), *(grant for grant in bound if grant is not None))


def conferred_by_claims(account: ServiceAccount) -> tuple[Grant, ...]:
    """Return what whoever is led to a role by a claim comes to hold, and where it is judged.

    That is what its bindings give in its own namespace, or in all of them if its namespace is a
    global one, and what binds it everywhere.
    """
    is_global = account.project_uid is None and account.namespace in global_namespaces()
    return tuple(
        grant
        for grant in grants_of_account(account)
        if is_global or _is_everywhere(grant) or _is_home(grant, account)
    )


def global_namespaces() -> frozenset[str]:
    """Return the namespaces whose roles people are led to by claims, and count everywhere."""
    return frozenset({KARGO_NAMESPACE, *settings.GLOBAL_SERVICE_ACCOUNT_NAMESPACES})


def _is_everywhere(grant: Grant) -> bool:
    return grant.project_uid is None and not grant.namespace


def _is_home(grant: Grant, account: ServiceAccount) -> bool:
    if account.project_uid is not None:
        return grant.project_uid == account.project_uid
    return grant.project_uid is None and grant.namespace == account.namespace


def _place(account: ServiceAccount) -> Place:
    return Place(account.tenant_uid, account.project_uid, account.namespace, account.name)


def _member_places(user: User) -> tuple[Place, ...]:
    rows = list(Membership.objects.filter(user=user).order_by("pk"))
    if not rows:
        return ()
    roles = {row.role for row in rows}
    homes = Q(project_uid__in={it.project_uid for it in rows if it.project_uid})
    homes |= Q(namespace=KARGO_NAMESPACE, project_uid__isnull=True)
    accounts = ServiceAccount.objects.filter(homes, name__in=roles)
    known = {(it.tenant_uid, it.project_uid, it.name): _place(it) for it in accounts}
    return tuple(
        known.get(
            (row.tenant_uid, row.project_uid, row.role),
            Place(
                row.tenant_uid,
                row.project_uid,
                "" if row.project_uid else KARGO_NAMESPACE,
                row.role,
            ),
        )
        for row in rows
    )


def _claimed_accounts(claims: Claims) -> Sequence[ServiceAccount]:
    pairs = sorted(claims.pairs())[:_MOST_PAIRS]
    if not pairs:
        return ()
    by_name: dict[str, set[str]] = {}
    for name, value in pairs:
        by_name.setdefault(name, set()).add(value)
    wanted = reduce(or_, (Q(name=name, value__in=texts) for name, texts in by_name.items()))
    found = ServiceAccountClaim.objects.filter(wanted).values("service_account")
    in_force = Q(project_uid__isnull=False) | Q(namespace__in=global_namespaces())
    accounts = ServiceAccount.objects.filter(in_force, pk__in=found)
    if claims.tenant_uid is not None:
        accounts = accounts.filter(tenant_uid=claims.tenant_uid)
    return list(accounts.order_by("pk"))


def _default_grants(places: Iterable[Place]) -> tuple[Grant, ...]:
    """Return a grant for each place: of the default role of that name, or one that allows nothing.

    Holding a role makes somebody a member of a project whatever the role allows.
    """
    return tuple(
        Grant(
            place.name,
            place.tenant_uid,
            project_uid=place.project_uid,
            rules=PROJECT_ROLES.get(place.name, ()),
        )
        if place.project_uid is not None
        else Grant(
            place.name,
            place.tenant_uid,
            namespace="" if place.name in SYSTEM_ROLES else place.namespace,
            rules=SYSTEM_ROLES.get(place.name, ()) if place.namespace == KARGO_NAMESPACE else (),
        )
        for place in places
    )


def _bound(places: Sequence[Place]) -> list[tuple[Place, Grant]]:
    """Return what the bindings that name these roles give them, each with the role it is for."""
    subjects = RoleBindingSubject.objects.filter(
        name__in={it.name for it in places}, namespace__in={it.namespace for it in places}
    )
    subjects = subjects.filter(binding__tenant_uid__in={it.tenant_uid for it in places})
    wanted = {(it.tenant_uid, it.namespace, it.name): it for it in places if it.namespace}
    found = [
        (wanted.get((it.binding.tenant_uid, it.namespace, it.name)), it.binding)
        for it in subjects.select_related("binding").order_by("pk")
    ]
    bound = [(place, binding) for place, binding in found if place is not None]
    rules = _rules_of([binding for _, binding in bound])
    return [(place, _grant(place, binding, rules[binding.pk])) for place, binding in bound]


def _grant(place: Place, binding: RoleBinding, rules: tuple[Rule, ...]) -> Grant:
    return Grant(
        place.name,
        binding.tenant_uid,
        project_uid=binding.project_uid,
        namespace="" if binding.project_uid else binding.namespace,
        rules=rules,
    )


def _rules_of(bindings: Sequence[RoleBinding]) -> dict[int, tuple[Rule, ...]]:
    """Return the rules of each binding's role, by the binding's key."""
    if not bindings:
        return {}
    roles = Role.objects.filter(
        tenant_uid__in={it.tenant_uid for it in bindings},
        name__in={it.role_name for it in bindings},
    )
    known = {(it.tenant_uid, it.namespace, it.name): read_rules(it.rules) for it in roles}
    return {
        it.pk: known.get((it.tenant_uid, _home_of_role(it), it.role_name), default_rules(it))
        for it in bindings
    }


def default_rules(binding: RoleBinding) -> tuple[Rule, ...]:
    """Return the rules of the default role that a binding names; none if it names no such role.

    Kubernetes has a Role for each of a project's, and a ClusterRole for each of the system's.
    """
    if binding.role_kind == "ClusterRole":
        return SYSTEM_ROLES.get(binding.role_name, ())
    return PROJECT_ROLES.get(binding.role_name, ()) if binding.project_uid else ()


def _home_of_role(binding: RoleBinding) -> str:
    return "" if binding.role_kind == "ClusterRole" else binding.namespace


def _at_home(place: Place, grant: Grant) -> Grant | None:
    """Return what of a grant counts for people: of a project's role, what holds in its project."""
    if place.project_uid is None or grant.project_uid == place.project_uid:
        return grant
    return replace(grant, project_uid=place.project_uid) if _is_everywhere(grant) else None
