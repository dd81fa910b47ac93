"""Every tenant has the portal under its own address."""

import re

import pytest
from django.test import Client

from projects.models import Project
from rbac.defaults import TENANT_ADMIN
from tests.factories.domain import make_project, make_stage, make_tenant, make_warehouse
from tests.factories.people import grant, make_admin, make_operator, make_stranger

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    project = make_project("rockets", tenant=make_tenant("acme"))
    make_warehouse(project)
    make_stage(project, "test")
    return project


def signed_in(user: object) -> Client:
    client = Client()
    client.force_login(user)  # type: ignore[arg-type] # a user, from the factories
    return client


PAGES = ["", "projects", "projects/rockets", "projects/rockets/stages/test"]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_leads_to_pages_of_its_tenant_alone(project: Project, page: str) -> None:
    alice = signed_in(make_admin(project))

    answer = alice.get(f"/t/acme/{page}")

    links = set(
        re.findall(r'(?:href|action|hx-get|data-events)="(/[^"]*)"', answer.content.decode())
    )
    elsewhere = {it for it in links if not it.startswith(("/t/acme/", "/static/"))}
    assert answer.status_code == 200
    assert elsewhere == set()


@pytest.mark.parametrize("page", PAGES)
def test_a_tenant_is_not_there_for_others(project: Project, page: str) -> None:
    charlie = signed_in(make_stranger(make_tenant("other")))
    there, nowhere = charlie.get(f"/t/acme/{page}"), charlie.get(f"/t/nowhere/{page}")

    assert there.status_code == nowhere.status_code == 404
    assert "rockets" not in there.content.decode().replace(page, "")


def test_who_has_not_signed_in_signs_in_at_the_tenant_and_comes_back(project: Project) -> None:
    answer = Client().get("/t/acme/projects/rockets")

    assert answer.headers["Location"] == "/t/acme/accounts/login/?next=/t/acme/projects/rockets"


def test_a_form_of_a_tenant_acts_there(project: Project) -> None:
    alice = signed_in(make_admin(project))

    answer = alice.post("/t/acme/projects/rockets/stages/test/refresh")

    assert answer.status_code == 302
    assert answer.headers["Location"] == "/t/acme/projects/rockets/stages/test"


def test_the_same_name_in_two_tenants_is_two_projects(project: Project) -> None:
    make_stage(make_project("rockets"), "other-stage")
    alice = make_admin(project)

    assert signed_in(alice).get("/projects/rockets").status_code == 404
    assert "other-stage" not in signed_in(alice).get("/t/acme/projects/rockets").content.decode()


def test_the_top_bar_leads_to_the_other_tenants_somebody_has_a_role_in(project: Project) -> None:
    alice = make_admin(project)
    grant(alice, TENANT_ADMIN, tenant=make_tenant("zoo"))

    page = signed_in(alice).get("/t/acme/").content.decode()

    assert 'href="/t/zoo/"' in page


def test_who_has_a_password_is_led_to_the_second_factor(project: Project) -> None:
    alice = make_admin(project)
    page = signed_in(alice).get("/t/acme/").content.decode()

    (address,) = re.findall(r'href="([^"]*/2fa/)"', page)

    assert signed_in(alice).get(address, follow=True).status_code == 200


@pytest.mark.parametrize("path", ["admin/", "static/js/kargo.js"])
def test_no_tenant_has_the_administration_or_files(project: Project, path: str) -> None:
    assert signed_in(make_operator()).get(f"/t/acme/{path}").status_code == 404
