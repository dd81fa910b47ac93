"""Roles as they are stored: parts, claims and their searched copy, members, the audit."""

from itertools import cycle, islice

import pytest
from django.db import transaction

from common.errors import InvalidError
from projects.models import Project
from promotions.services.projects import delete_project
from rbac.actors import Actor, ActorKind, operator_at_console
from rbac.audit import first_broken_link
from rbac.authorizer import Scope
from rbac.claims import CLAIMS, ClaimMap, Claims, claims_in
from rbac.models import (
    ApiToken,
    AuditEvent,
    Membership,
    Role,
    RoleBinding,
    RoleBindingSubject,
    ServiceAccount,
    ServiceAccountClaim,
)
from rbac.rules import KARGO, Rule, normalise
from rbac.selectors.grants import grants_of_account, grants_of_people
from rbac.selectors.roles import kargo_role, kargo_roles
from rbac.services import issue_role_token, make_project_roles
from rbac.services.role_claims import grant_to_users, revoke_from_users
from rbac.services.role_permissions import Permission, grant_permission
from rbac.services.roles import RoleDraft, create_role, delete_role, update_role
from tests.factories.domain import NOON, make_project
from tests.factories.people import grant, make_person

pytestmark = pytest.mark.django_db

ROOT = operator_at_console("tests")
READ = Rule((KARGO,), ("stages",), ("get", "list"))


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
    return project


@pytest.fixture
def where(project: Project) -> Scope:
    return Scope(project.tenant.uid, project.uid, "demo")


def make(where: Scope, name: str = "own", *rules: Rule, **claims: tuple[str, ...]) -> None:
    create_role(where, RoleDraft(name, rules or (READ,), claims), actor=ROOT, now=NOON)


def searched(name: str) -> dict[str, list[str]]:
    """Return the searched copy of a role's claims."""
    found: dict[str, list[str]] = {}
    rows = ServiceAccountClaim.objects.filter(service_account__name=name)
    for row in rows.order_by("name", "value"):
        found.setdefault(row.name, []).append(row.value)
    return found


def test_a_role_is_three_objects_that_are_marked_as_managed(where: Scope) -> None:
    make(where, groups=("a",))

    account = ServiceAccount.objects.get(name="own")
    role, binding = Role.objects.get(), RoleBinding.objects.get()
    subject = RoleBindingSubject.objects.get()
    assert {it.namespace for it in (account, role, binding)} == {"demo"}
    assert {it.annotations["rbac.kargo.akuity.io/managed"] for it in (account, role, binding)} == {
        "true"
    }
    assert (binding.role_kind, binding.role_name) == ("Role", "own")
    assert (subject.namespace, subject.name) == ("demo", "own")
    assert role.rules == [READ.to_json()]
    assert account.annotations[CLAIMS] == '{"groups":["a"]}'


def test_the_searched_copy_of_claims_is_always_in_step(where: Scope) -> None:
    make(where, groups=("a", "b"))
    acts = islice(cycle([grant_to_users, revoke_from_users, grant_to_users]), 9)
    some: ClaimMap = {"groups": ("b", "c"), "sub": ("x",)}
    others: ClaimMap = {"groups": ("a",), "email": ("e",)}

    for act, claims in zip(acts, cycle([some, others]), strict=False):
        act(where, "own", claims, actor=ROOT, now=NOON)
        account = ServiceAccount.objects.get(name="own")
        assert searched("own") == account.claims
        assert {key: list(it) for key, it in claims_in(account.annotations).items()} == (
            account.claims
        )
    update_role(where, RoleDraft("own", (), {"groups": ("z",)}), actor=ROOT, now=NOON)
    assert searched("own") == {"groups": ["z"]}
    update_role(where, RoleDraft("own", ()), actor=ROOT, now=NOON)
    assert searched("own") == {}


def test_claims_that_are_refused_change_neither_copy(where: Scope) -> None:
    make(where, groups=("a",))

    with pytest.raises(InvalidError, match="more than 1024"), transaction.atomic():
        grant_to_users(where, "own", {"groups": ("x" * 1025,)}, actor=ROOT, now=NOON)

    assert searched("own") == ServiceAccount.objects.get(name="own").claims == {"groups": ["a"]}


def test_the_creator_of_a_project_is_claimed_to_its_roles(project: Project) -> None:
    other = make_project("other", tenant=project.tenant)
    names = {
        "email:dora@example.com": {"email": ["dora@example.com"]},
        "subject:dora": {"sub": ["dora"]},
        "admin": {},
        "operator:root": {},
        "controller:importer": {},
        "kubernetes:system:serviceaccount:demo:robot": {},
        "unknown actor": {},
    }

    for index, (name, claims) in enumerate(names.items()):
        namespace = f"other-{index}"
        make_project_roles(
            tenant_uid=project.tenant.uid,
            project_uid=other.uid,
            namespace=namespace,
            creator=Actor(ActorKind.USER, name),
            now=NOON,
        )
        roles = ServiceAccount.objects.filter(namespace=namespace)
        assert [it.claims for it in roles] == [claims] * 3
        assert ServiceAccountClaim.objects.filter(service_account__namespace=namespace).count() == (
            3 if claims else 0
        )


def test_somebody_is_led_to_a_role_by_any_of_its_claims(project: Project, where: Scope) -> None:
    make(where, groups=("a", "b"), email=("x@y",))

    def led(**values: object) -> bool:
        claims = Claims(values, tenant_uid=project.tenant.uid)  # type: ignore[arg-type] # JSON all the same
        return any(it.rules == (READ,) for it in grants_of_people(None, claims))

    assert led(groups=["z", "a"])
    assert led(groups="b")
    assert led(email="x@y", groups=[])
    assert not led(groups=["A"], email="x@y.z", sub="a")
    assert not led(groups=[["a"], {"a": 1}, 5])
    other = make_project("elsewhere")
    assert not grants_of_people(None, Claims({"email": "x@y"}, tenant_uid=other.uid))


def test_what_a_token_of_a_role_holds_is_the_role(project: Project, where: Scope) -> None:
    make(where)
    account = ServiceAccount.objects.get(name="own")

    held = [it for it in grants_of_account(account) if it.rules]

    assert [(it.role, it.project_uid, it.rules) for it in held] == [("own", project.uid, (READ,))]


def test_what_does_not_change_is_neither_written_nor_audited(where: Scope) -> None:
    make(where, groups=("a",))
    before = AuditEvent.objects.count()

    grant_to_users(where, "own", {"groups": ("a",)}, actor=ROOT, now=NOON)
    revoke_from_users(where, "own", {"groups": ("z",), "sub": ("a",)}, actor=ROOT, now=NOON)
    grant_permission(where, "own", Permission("stage", ("get",)), actor=ROOT, now=NOON)
    update_role(where, RoleDraft("own", (READ,), {"groups": ("a",)}), actor=ROOT, now=NOON)

    assert AuditEvent.objects.count() == before


def test_every_change_is_audited_before_and_after_in_an_unbroken_chain(
    project: Project, where: Scope
) -> None:
    make(where)
    grant_to_users(where, "own", {"groups": ("a",)}, actor=ROOT, now=NOON)
    grant_permission(where, "own", Permission("secrets", ("get",)), actor=ROOT, now=NOON)
    delete_role(where, "own", actor=ROOT, now=NOON)

    events = list(AuditEvent.objects.order_by("sequence"))
    assert [it.action for it in events] == [
        "role.create",
        "role.grant_to_users",
        "role.grant_permission",
        "role.delete",
    ]
    made, claimed, permitted, gone = events
    assert (made.before, (made.after or {})["rules"]) == (None, [READ.to_json()])
    assert (claimed.before, claimed.after) == ({"claims": {}}, {"claims": {"groups": ["a"]}})
    assert permitted.before == {"rules": [READ.to_json()]}
    assert (gone.before or {})["claims"] == {"groups": ["a"]}
    assert {(it.kind, it.object_name, it.project_uid) for it in events} == {
        ("Role", "own", project.uid)
    }
    assert first_broken_link(project.tenant.uid) is None


def test_a_deleted_role_takes_only_its_own_members_and_tokens(
    project: Project, where: Scope
) -> None:
    other = make_project("other", tenant=project.tenant)
    make(where)
    make(where, "kept")
    dora = make_person("dora")
    for place, role in ((project, "own"), (project, "kept"), (other, "own")):
        grant(dora, role, tenant=project.tenant, project=place)
    grant(dora, "own", tenant=project.tenant)
    for name in ("own", "kept"):
        account = ServiceAccount.objects.get(name=name)
        issue_role_token(account, name=name, expires_at=None, actor=ROOT, now=NOON)

    delete_role(where, "own", actor=ROOT, now=NOON)

    left = Membership.objects.order_by("pk").values_list("role", "project_uid")
    assert list(left) == [("kept", project.uid), ("own", other.uid), ("own", None)]
    assert [it.name for it in ApiToken.objects.all()] == ["kept"]
    assert "own" not in [it.name for it in kargo_roles(where)]


def test_a_project_takes_all_that_grants_something_in_it_along(
    project: Project, where: Scope
) -> None:
    make(where, groups=("a",))
    account = ServiceAccount.objects.get(name="own")
    issue_role_token(account, name="ci", expires_at=None, actor=ROOT, now=NOON)
    grant(make_person("dora"), "own", tenant=project.tenant, project=project)

    delete_project(project, actor=ROOT, now=NOON)

    for model in (
        ServiceAccount,
        ServiceAccountClaim,
        Role,
        RoleBinding,
        RoleBindingSubject,
        Membership,
        ApiToken,
    ):
        assert not model._default_manager.exists(), model


def test_roles_are_sorted_as_bytes_and_read_in_few_queries(
    where: Scope, django_assert_num_queries: object
) -> None:
    for name in ("b", "a-b", "a.b", "ab", "a"):
        make(where, name)

    with django_assert_num_queries(4):  # type: ignore[operator] # a fixture of pytest-django
        roles = kargo_roles(where)

    own = [it.name for it in roles if not it.account.is_default]
    assert own == sorted(own) == ["a", "a-b", "a.b", "ab", "b"]


def test_a_role_that_was_marked_by_hand_is_shown_as_it_is(where: Scope) -> None:
    make(where)
    strange = [{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["*"]}]
    Role.objects.update(rules=strange)

    role = kargo_role(where, "own")

    assert [it.to_json() for it in role.rules] == strange
    assert role.is_managed


def test_the_rules_of_default_roles_are_kept_in_the_normal_form(where: Scope) -> None:
    for role in kargo_roles(where):
        assert role.rules == normalise(role.rules)
        assert role.is_managed
