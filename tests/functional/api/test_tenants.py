"""Operators see to tenants through the native API; who administers one sees its use and members."""

from typing import Any

import pytest
from django.test import Client

from common.clock import now
from projects.models import Project, Tenant
from projects.services.tenants import create_tenant
from promotions.models import Work, WorkKind
from rbac.actors import operator_at_console
from rbac.defaults import ADMIN, PROMOTER, TENANT_ADMIN, VIEWER
from rbac.models import (
    AuditEvent,
    Identity,
    Membership,
    Role,
    RoleBinding,
    RoleBindingSubject,
    ServiceAccount,
    User,
)
from rbac.services import issue_token
from rbac.services.default_roles import make_project_roles
from tests.factories.domain import NOON, make_project, make_tenant
from tests.factories.people import grant, make_admin, make_operator, make_person, make_viewer

pytestmark = pytest.mark.django_db

CONSOLE = operator_at_console("tests")
JSON = "application/json"


def client_for(user: User) -> Client:
    _, text = issue_token(
        user, name="tests", tenant_uid=None, expires_at=None, actor=CONSOLE, now=now()
    )
    return Client(headers={"authorization": f"Bearer {text}"})


@pytest.fixture
def operator() -> Client:
    return client_for(make_operator())


@pytest.fixture
def acme() -> Tenant:
    return create_tenant("acme", title="Acme", actor=CONSOLE, now=NOON)


@pytest.fixture
def project(acme: Tenant) -> Project:
    project = make_project(tenant=acme)
    make_project_roles(
        tenant_uid=acme.uid, project_uid=project.uid, namespace="demo", creator=CONSOLE, now=NOON
    )
    return project


@pytest.fixture
def dora(acme: Tenant) -> Client:
    """Who administers ``acme``."""
    user = make_person("dora")
    grant(user, TENANT_ADMIN, tenant=acme)
    return client_for(user)


def test_a_tenant_lives_through_the_api(operator: Client) -> None:
    quota = {"projects": 3, "storageBytes": None}
    made = operator.post(
        "/api/v1/tenants", {"name": "acme", "title": "Acme", "quota": quota}, content_type=JSON
    )
    changed = operator.patch(
        "/api/v1/tenants/acme", {"title": "ACME", "quota": {"stages": 9}}, content_type=JSON
    )
    suspended = operator.post(
        "/api/v1/tenants/acme/suspend", {"reason": "unpaid"}, content_type=JSON
    )
    resumed = operator.post("/api/v1/tenants/acme/resume", {}, content_type=JSON)
    wrong = operator.delete("/api/v1/tenants/acme", {"confirmation": "acne"}, content_type=JSON)
    deleted = operator.delete("/api/v1/tenants/acme", {"confirmation": "acme"}, content_type=JSON)
    after = operator.get("/t/acme/v1beta1/projects")

    assert made.status_code == 201
    assert made.json()["quota"] == {
        "projects": 3,
        "stages": None,
        "concurrentPromotions": None,
        "storageBytes": None,
    }
    assert (changed.json()["title"], changed.json()["quota"]["stages"]) == ("ACME", 9)
    assert changed.json()["quota"]["projects"] == 3
    assert suspended.json()["state"] == "Suspended"
    assert resumed.json()["state"] == "Active"
    assert wrong.status_code == 422
    assert 'must be the name of the tenant, "acme"' in wrong.json()["error"]
    assert (deleted.status_code, deleted.json()["state"]) == (202, "Deleting")
    assert Work.objects.filter(kind=WorkKind.TENANT, due_at__isnull=False).count() == 1
    assert after.status_code == 404
    tenant = Tenant.objects.get(name="acme")
    acts = AuditEvent.objects.filter(tenant_uid=tenant.uid).order_by("sequence")
    assert list(acts.values_list("action", flat=True)) == [
        "tenant.create",
        "tenant.update",
        "tenant.suspend",
        "tenant.resume",
        "tenant.delete",
    ]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("get", "/api/v1/tenants", None),
        ("post", "/api/v1/tenants", {"name": "mine"}),
        ("get", "/api/v1/tenants/acme", None),
        ("get", "/api/v1/tenants/nowhere", None),
        ("patch", "/api/v1/tenants/acme", {"quota": {"projects": None}}),
        ("post", "/api/v1/tenants/acme/suspend", {}),
        ("post", "/api/v1/tenants/acme/resume", {}),
        ("delete", "/api/v1/tenants/acme", {"confirmation": "acme"}),
    ],
)
def test_only_operators_see_to_tenants(
    acme: Tenant, dora: Client, method: str, path: str, body: Any
) -> None:
    sent = {"content_type": JSON} if body is not None else {}

    refused = getattr(dora, method)(path, body, **sent)
    anonymous = getattr(Client(), method)(path, body, **sent)

    assert refused.status_code == 403
    assert "is not permitted" in refused.json()["error"]
    assert anonymous.status_code == 401
    assert Tenant.objects.get(pk=acme.pk).state == "Active"


def test_tenants_are_listed_in_pages(operator: Client) -> None:
    for name in ("alpha", "beta", "gamma"):
        make_tenant(name)

    first = operator.get("/api/v1/tenants", {"limit": 2}).json()
    rest = operator.get("/api/v1/tenants", {"limit": 2, "after": first["after"]}).json()
    some = operator.get("/api/v1/tenants", {"filter": "amm"}).json()

    assert [it["name"] for it in first["items"]] == ["alpha", "beta"]
    assert first["after"] == "beta"
    assert [it["name"] for it in rest["items"]] == ["gamma"]
    assert rest["after"] is None
    assert [it["name"] for it in some["items"]] == ["gamma"]
    assert operator.get("/api/v1/tenants", {"limit": 5000}).status_code == 400


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "Acme"}, 422),
        ({}, 422),
        ({"name": "acme", "uid": "x"}, 400),
        ({"name": "acme", "quota": {"rooms": 1}}, 400),
        ({"name": "acme", "quota": {"projects": -1}}, 422),
        ({"name": "acme", "quota": {"projects": 2**40}}, 422),
        ({"name": "acme", "quota": {"projects": True}}, 422),
        ({"name": "acme", "quota": []}, 400),
        ({"name": "acme", "title": "x" * 300}, 422),
        ({"name": 7}, 400),
    ],
)
def test_bad_tenants_are_refused_with_what_to_do(
    operator: Client, body: dict[str, Any], status: int
) -> None:
    answer = operator.post("/api/v1/tenants", body, content_type=JSON)

    assert (answer.status_code, bool(answer.json()["error"])) == (status, True)
    assert not Tenant.objects.filter(name="acme").exists()


def test_who_administers_a_tenant_sees_what_it_uses_and_others_do_not(
    acme: Tenant, dora: Client, project: Project
) -> None:
    alice = client_for(make_admin(project))

    answer = dora.get("/t/acme/api/v1/usage")

    assert answer.json()["projects"] == {"used": 1, "limit": None}
    assert set(answer.json()) == {"projects", "stages", "concurrentPromotions", "storageBytes"}
    assert alice.get("/t/acme/api/v1/usage").status_code == 403
    assert dora.get("/api/v1/usage").status_code == 403
    assert acme.pk


def test_people_are_given_roles_and_they_are_taken_back(dora: Client, project: Project) -> None:
    make_person("bob")
    page = "/t/acme/api/v1/projects/demo/members"

    given = dora.post(page, {"person": "BOB@example.com", "role": VIEWER}, content_type=JSON)
    dora.post(page, {"person": "bob", "role": PROMOTER}, content_type=JSON)
    listed = dora.get(page).json()
    taken = dora.delete(f"{page}/bob/roles/{VIEWER}")
    again = dora.delete(f"{page}/bob/roles/{VIEWER}")

    assert given.status_code == 201
    assert given.json() == {
        "username": "bob",
        "email": "bob@example.com",
        "name": "",
        "role": VIEWER,
    }
    assert [it["role"] for it in listed["items"][0]["roles"]] == [PROMOTER, VIEWER]
    assert listed["after"] is None
    assert (taken.status_code, again.status_code) == (204, 404)
    assert list(Membership.objects.filter(user__username="bob").values_list("role", flat=True)) == [
        PROMOTER
    ]
    assert project.pk


def test_members_are_listed_in_pages(dora: Client, project: Project) -> None:
    for name in ("ann", "ben", "cid"):
        make_viewer(project, name)
    page = "/t/acme/api/v1/projects/demo/members"

    first = dora.get(page, {"limit": 2}).json()
    rest = dora.get(page, {"limit": 2, "after": first["after"]}).json()

    assert [it["username"] for it in first["items"]] == ["ann", "ben"]
    assert [it["username"] for it in rest["items"]] == ["cid"]


def test_nobody_gives_what_they_do_not_hold(acme: Tenant, project: Project) -> None:
    make_person("bob")
    eve = make_person("eve")
    account = ServiceAccount.objects.create(
        tenant_uid=acme.uid, project_uid=project.uid, namespace="demo", name="clerk"
    )
    rules = {"apiGroups": [""], "resources": ["rolebindings"], "verbs": ["create", "list"]}
    rules["apiGroups"] = ["rbac.authorization.k8s.io"]
    _bind(account, rules)
    Membership.objects.create(
        user=eve, tenant_uid=acme.uid, project_uid=project.uid, role=account.name
    )
    page = "/t/acme/api/v1/projects/demo/members"

    answer = client_for(eve).post(page, {"person": "bob", "role": ADMIN}, content_type=JSON)
    own = client_for(eve).post(page, {"person": "bob", "role": "clerk"}, content_type=JSON)

    assert answer.status_code == 403
    assert "may not grant permissions it does not hold" in answer.json()["error"]
    assert own.status_code == 201
    assert not Membership.objects.filter(user__username="bob", role=ADMIN).exists()


def test_a_project_admin_gives_no_role_of_the_tenant(acme: Tenant, project: Project) -> None:
    alice = client_for(make_admin(project))

    answer = alice.post(
        "/t/acme/api/v1/members", {"person": "alice", "role": TENANT_ADMIN}, content_type=JSON
    )

    assert answer.status_code == 403
    assert not Membership.objects.filter(role=TENANT_ADMIN, tenant_uid=acme.uid).exists()


def test_people_whom_only_another_tenants_provider_vouches_for_are_unknown(
    acme: Tenant, dora: Client
) -> None:
    beta = make_tenant("beta")
    for name, tenants in (("mallory", [beta]), ("oscar", [acme, beta])):
        user = make_person(name)
        for tenant in tenants:
            Identity.objects.create(
                user=user,
                tenant_uid=tenant.uid,
                provider_uid=tenant.uid,
                issuer="https://issuer.example.com",
                subject=name,
                actor_name=f"email:{name}@example.com",
                claims_at=NOON,
                last_login=NOON,
            )
    page = "/t/acme/api/v1/members"

    answers = [
        dora.post(page, {"person": person, "role": "kargo-user"}, content_type=JSON)
        for person in ("mallory", "mallory@example.com", "nobody", "oscar")
    ]

    assert [it.status_code for it in answers] == [404, 404, 404, 201]
    texts = {it.json()["error"].replace("@example.com", "") for it in answers[:3]}
    assert {it.replace("mallory", "X").replace("nobody", "X") for it in texts} == {
        'There is no account "X"; people have one once they have signed in.'
    }


def test_other_tenants_members_are_as_missing_as_a_tenant_that_is_not_there(dora: Client) -> None:
    make_tenant("beta")

    for page in ("members", "usage"):
        theirs = dora.get(f"/t/beta/api/v1/{page}")
        missing = dora.get(f"/t/nowhere/api/v1/{page}")
        assert theirs.status_code == missing.status_code == 404
        assert theirs.json()["error"].replace("beta", "nowhere") == missing.json()["error"]


def _bind(account: ServiceAccount, rules: dict[str, Any]) -> None:
    place = {
        "tenant_uid": account.tenant_uid,
        "project_uid": account.project_uid,
        "namespace": account.namespace,
        "name": account.name,
    }
    Role.objects.create(**place, rules=[rules])
    binding = RoleBinding.objects.create(**place, role_kind="Role", role_name=account.name)
    RoleBindingSubject.objects.create(
        binding=binding, namespace=account.namespace, name=account.name
    )
