"""The page of members lists who holds which role, gives roles, and takes them back."""

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from projects.models import Project
from rbac.actors import operator_at_console
from rbac.defaults import ADMIN, TENANT_ADMIN, VIEWER
from rbac.models import Membership
from rbac.services.default_roles import make_project_roles, make_system_roles
from tests.factories.domain import NOON, make_project
from tests.factories.people import grant, make_admin, make_person, make_stranger, make_viewer

pytestmark = pytest.mark.django_db

BY_PASSWORD = "django.contrib.auth.backends.ModelBackend"
PAGE = "/projects/demo/members"


@pytest.fixture
def project() -> Project:
    project = make_project()
    tenant_uid = project.tenant.uid
    make_system_roles(tenant_uid=tenant_uid, now=NOON)
    make_project_roles(
        tenant_uid=tenant_uid,
        project_uid=project.uid,
        namespace="demo",
        creator=operator_at_console("tests"),
        now=NOON,
    )
    return project


@pytest.fixture
def alice(client: Client, project: Project) -> Client:
    client.force_login(make_admin(project), BY_PASSWORD)
    return client


def said(client: Client, path: str, **form: str) -> list[str]:
    """Post a form; return what the page that it leads to says."""
    response = client.post(path, form, follow=True)
    assert response.status_code == 200
    return [str(it) for it in get_messages(response.wsgi_request)] or [
        it.strip() for it in response.content.decode().split("<span>")
    ]


def test_an_admin_gives_a_role_by_address_and_takes_it_back(alice: Client) -> None:
    make_person("bob")

    alice.post(f"{PAGE}/grant", {"person": "bob@example.com", "role": VIEWER})
    shown = alice.get(PAGE).content.decode()
    given = Membership.objects.filter(user__username="bob").values_list("role", flat=True)
    held = list(given)
    alice.post(f"{PAGE}/revoke", {"username": "bob", "role": VIEWER})

    assert "bob@example.com" in shown
    assert held == [VIEWER]
    assert not given.all().exists()


def test_who_may_only_look_is_offered_no_form(client: Client, project: Project) -> None:
    client.force_login(make_viewer(project), BY_PASSWORD)

    page = client.get(PAGE)
    refused = client.post(f"{PAGE}/grant", {"person": "bob", "role": ADMIN})

    assert page.status_code == 200
    assert "Give the role" not in page.content.decode()
    assert refused.status_code == 403
    assert Membership.objects.count() == 1


def test_what_cannot_be_given_is_said(alice: Client) -> None:
    assert any(
        "There is no account" in text
        for text in said(alice, f"{PAGE}/grant", person="nobody", role=VIEWER)
    )
    assert any(
        "role &quot;boss&quot; not found" in text or 'role "boss" not found' in text
        for text in said(alice, f"{PAGE}/grant", person="alice", role="boss")
    )


def test_the_tenants_members_are_for_who_administers_the_tenant(
    client: Client, project: Project
) -> None:
    dora = make_person("dora")
    grant(dora, TENANT_ADMIN, tenant=project.tenant)
    make_person("bob")
    client.force_login(dora, BY_PASSWORD)

    client.post("/members/grant", {"person": "bob", "role": "kargo-user"})
    shown = client.get("/members")

    assert shown.status_code == 200
    assert "bob" in shown.content.decode()
    assert "kargo-project-creator" in shown.content.decode()
    assert Membership.objects.filter(user__username="bob", project_uid=None).exists()


def test_others_see_neither_page(client: Client, alice: Client, project: Project) -> None:
    assert alice.get("/members").status_code == 403

    client.force_login(make_stranger(), BY_PASSWORD)

    assert client.get(PAGE).status_code == 404
    assert client.get("/members").status_code == 403
    assert project.pk
