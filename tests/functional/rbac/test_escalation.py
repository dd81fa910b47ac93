"""Nobody gives what they do not hold, through any of the operations on roles."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from common.errors import ForbiddenError, InvalidError
from projects.models import Project
from projects.services.role_tokens import create_role_token
from rbac.actors import Actor, ActorKind, Grant, operator_at_console
from rbac.authorizer import Scope
from rbac.defaults import ADMIN, PROJECT_ROLES, PROMOTER
from rbac.models import (
    ApiToken,
    AuditEvent,
    Role,
    RoleBinding,
    RoleBindingSubject,
    ServiceAccount,
)
from rbac.rules import EVERYTHING, KARGO, Rule
from rbac.selectors.roles import kargo_role
from rbac.services import make_project_roles, make_system_roles
from rbac.services.escalation import MAX_PERMISSIONS, require_held
from rbac.services.role_claims import grant_to_users, revoke_from_users
from rbac.services.role_permissions import Permission, grant_permission, revoke_permission
from rbac.services.roles import RoleDraft, create_role, delete_role, update_role
from tests.factories.domain import NOON, make_project
from tests.factories.people import actor_of

pytestmark = pytest.mark.django_db

ROOT = operator_at_console("tests")
READ = Rule((KARGO,), ("stages",), ("get", "list"))
PROMOTE_ALL = Rule((KARGO,), ("stages",), ("promote",))
PROMOTE_UAT = Rule((KARGO,), ("stages",), ("promote",), ("uat",))
CLAIM = {"groups": ("everybody",)}


@pytest.fixture
def project() -> Project:
    project = make_project()
    make_project_roles(
        tenant_uid=project.tenant.uid,
        project_uid=project.uid,
        namespace="demo",
        creator=ROOT,
        now=NOON,
    )
    make_system_roles(tenant_uid=project.tenant.uid, now=NOON)
    return project


@pytest.fixture
def where(project: Project) -> Scope:
    return Scope(project.tenant.uid, project.uid, "demo")


def holder(project: Project, *rules: Rule) -> Actor:
    grant = Grant("own", project.tenant.uid, project.uid, rules=rules)
    return Actor(ActorKind.USER, "email:dora@example.com", (grant,))


def draft(*rules: Rule, **claims: tuple[str, ...]) -> RoleDraft:
    return RoleDraft("own", rules, claims)


def test_a_role_is_made_of_what_its_maker_holds(project: Project, where: Scope) -> None:
    dora = holder(project, READ, PROMOTE_UAT)

    create_role(where, draft(READ, PROMOTE_UAT), actor=dora, now=NOON)

    for rules in ((PROMOTE_ALL,), (READ, EVERYTHING), (Rule((), ("stages",), ("*",)),)):
        with pytest.raises((ForbiddenError, InvalidError)):
            update_role(where, draft(*rules), actor=dora, now=NOON)
    assert kargo_role(where, "own").rules == (READ, PROMOTE_UAT)
    assert AuditEvent.objects.filter(kind="Role").count() == 1


def test_nothing_of_a_refused_role_is_left(project: Project, where: Scope) -> None:
    with pytest.raises(ForbiddenError, match='verb "promote" on resource "stages"'):
        create_role(where, draft(PROMOTE_ALL), actor=holder(project, READ), now=NOON)

    assert not ServiceAccount.objects.filter(name="own").exists()
    assert not AuditEvent.objects.exists()


def test_a_permission_is_granted_by_who_holds_it(project: Project, where: Scope) -> None:
    create_role(where, draft(READ), actor=ROOT, now=NOON)
    dora = holder(project, PROMOTE_UAT)
    uat, every = (Permission("stages", ("promote",), name) for name in ("uat", ""))

    grant_permission(where, "own", uat, actor=dora, now=NOON)

    with pytest.raises(ForbiddenError):
        grant_permission(where, "own", every, actor=dora, now=NOON)
    assert kargo_role(where, "own").rules == (READ, PROMOTE_UAT)


def test_people_are_led_to_a_role_by_who_holds_all_of_it(project: Project, where: Scope) -> None:
    create_role(where, draft(READ, PROMOTE_UAT), actor=ROOT, now=NOON)

    with pytest.raises(ForbiddenError):
        grant_to_users(where, "own", CLAIM, actor=holder(project, READ), now=NOON)
    grant_to_users(where, "own", CLAIM, actor=holder(project, READ, PROMOTE_ALL), now=NOON)

    assert kargo_role(where, "own").claims == CLAIM


@pytest.mark.parametrize(("role", "may"), [(ADMIN, True), (PROMOTER, False)])
def test_default_roles_are_given_by_who_holds_all_of_them(
    project: Project, where: Scope, role: str, *, may: bool
) -> None:
    actor = actor_of(project, role)

    def give() -> None:
        grant_to_users(where, ADMIN, CLAIM, actor=actor, now=NOON)

    if may:
        give()
    else:
        with pytest.raises(ForbiddenError):
            give()
    assert bool(kargo_role(where, ADMIN).claims) is may


def test_replacing_a_default_roles_claims_is_giving_it(project: Project, where: Scope) -> None:
    with pytest.raises(ForbiddenError):
        update_role(
            where, RoleDraft(ADMIN, None, CLAIM), actor=actor_of(project, PROMOTER), now=NOON
        )

    update_role(where, RoleDraft(ADMIN, None, CLAIM), actor=ROOT, now=NOON)
    update_role(where, RoleDraft(ADMIN, None), actor=actor_of(project, PROMOTER), now=NOON)
    assert kargo_role(where, ADMIN).claims == {}


def test_taking_away_needs_nothing_more(project: Project, where: Scope) -> None:
    create_role(where, draft(READ, PROMOTE_ALL, groups=("a", "b")), actor=ROOT, now=NOON)
    nobody = holder(project)

    revoke_from_users(where, "own", {"groups": ("a",)}, actor=nobody, now=NOON)
    revoke_permission(where, "own", Permission("stage", ("promote",)), actor=nobody, now=NOON)

    left = kargo_role(where, "own")
    assert (left.claims, left.rules) == ({"groups": ("b",)}, (READ,))
    delete_role(where, "own", actor=nobody, now=NOON)


def wait_for(project: Project, name: str, *, rules: list[Rule], everywhere: object) -> None:
    """Bind a ServiceAccount that is not there yet."""
    place: dict[str, Any] = {"tenant_uid": project.tenant.uid}
    if not everywhere:
        place |= {"project_uid": project.uid, "namespace": "demo"}
    role = Role.objects.create(**place, name="trap", rules=[it.to_json() for it in rules])
    binding = RoleBinding.objects.create(
        **place,
        name="trap",
        role_kind="ClusterRole" if everywhere else "Role",
        role_name=role.name,
    )
    RoleBindingSubject.objects.create(binding=binding, namespace="demo", name=name)


@pytest.mark.parametrize("everywhere", [True, False])
def test_a_binding_that_waits_for_a_role_is_judged_with_it(
    project: Project, where: Scope, *, everywhere: bool
) -> None:
    wait_for(project, "own", rules=[PROMOTE_ALL], everywhere=everywhere)
    dora = holder(project, READ)

    with pytest.raises(ForbiddenError):
        create_role(where, draft(READ, groups=("mine",)), actor=dora, now=NOON)
    assert not ServiceAccount.objects.filter(name="own").exists()

    create_role(where, draft(READ), actor=dora, now=NOON)
    with pytest.raises(ForbiddenError):
        create_role_token(where, "own", name="ci", expires_at=None, actor=dora, now=NOON)
    assert not ApiToken.objects.exists()


def test_a_token_gives_what_its_role_has_in_all_namespaces(project: Project, where: Scope) -> None:
    other = make_project("other", tenant=project.tenant)
    create_role(where, draft(READ), actor=ROOT, now=NOON)
    place = {"tenant_uid": project.tenant.uid, "project_uid": other.uid, "namespace": "other"}
    Role.objects.create(**place, name="seer", rules=[READ.to_json()])
    binding = RoleBinding.objects.create(**place, name="seer", role_kind="Role", role_name="seer")
    RoleBindingSubject.objects.create(binding=binding, namespace="demo", name="own")
    until = NOON + timedelta(days=1)

    with pytest.raises(ForbiddenError):
        create_role_token(
            where, "own", name="ci", expires_at=until, actor=actor_of(project), now=NOON
        )
    grant_to_users(where, "own", CLAIM, actor=actor_of(project), now=NOON)


def test_rules_beyond_counting_are_not_judged(project: Project, where: Scope) -> None:
    names = tuple(map(str, range(MAX_PERMISSIONS)))

    with pytest.raises(InvalidError, match="no more than"):
        require_held(ROOT, [Rule((KARGO,), ("stages",), ("get", "list"), names)], at=where)


@pytest.mark.parametrize(
    "act",
    [
        lambda where, actor: create_role(where, draft(READ), actor=actor, now=NOON),
        lambda where, actor: grant_to_users(where, ADMIN, CLAIM, actor=actor, now=NOON),
        lambda where, actor: create_role_token(
            where, ADMIN, name="x", expires_at=None, actor=actor, now=NOON
        ),
    ],
    ids=["role", "claims", "token"],
)
def test_what_is_held_in_another_project_or_tenant_does_not_count(
    project: Project, where: Scope, act: Callable[[Scope, Actor], object]
) -> None:
    other = make_project("other", tenant=project.tenant)
    elsewhere = Actor(
        ActorKind.TOKEN,
        "admin",
        is_operator=True,
        tenant_uid=other.uid,  # a tenant of that uid is another one
    )
    for actor in (actor_of(other), elsewhere):
        with pytest.raises(ForbiddenError):
            act(where, actor)


def test_the_default_rules_are_all_grantable(where: Scope, project: Project) -> None:
    for name, rules in PROJECT_ROLES.items():
        copy = RoleDraft(f"{name}-copy", rules)
        made = create_role(where, copy, actor=actor_of(project), now=NOON)
        assert made.rules == kargo_role(where, name).rules
