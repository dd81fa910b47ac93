"""The audit in the admin: searched and filtered, read only, in as many queries for many as few."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from projects.models import Project
from rbac.actors import operator_at_console
from rbac.audit import PLATFORM, Act, record
from rbac.models import AuditEvent
from tests.factories.domain import NOON, make_project, make_tenant
from tests.factories.people import make_operator

pytestmark = pytest.mark.django_db

LIST = reverse("admin:rbac_auditevent_changelist")


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(make_operator())
    return client


@pytest.fixture
def projects() -> list[Project]:
    """Two projects, of two tenants, in each of which two people did something."""
    found = [make_project("shop"), make_project("bank", tenant=make_tenant("acme"))]
    for project in found:
        act(project, "ann", "stage.update", "uat")
        act(project, "ben", "freight.approve", "quiet-otter")
    record(Act(action="x", kind="X", tenant_uid=PLATFORM), actor=operator_at_console("c"), at=NOON)
    return found


def act(project: Project, who: str, action: str, name: str) -> AuditEvent:
    entry = Act(
        action=action,
        kind="Stage",
        tenant_uid=project.tenant.uid,
        project_uid=project.uid,
        object_uid=project.uid,
        object_name=name,
    )
    return record(entry, actor=operator_at_console(who), at=NOON)


def shown(client: Client, **query: Any) -> list[tuple[str, str]]:
    response = client.get(LIST, query)
    assert response.status_code == 200
    rows = response.context["cl"].result_list
    return [(row.tenant_name or "platform", row.action) for row in rows]


def test_everything_is_listed_newest_first(operator: Client, projects: list[Project]) -> None:
    assert shown(operator) == [
        ("platform", "x"),
        ("acme", "freight.approve"),
        ("acme", "stage.update"),
        ("default", "freight.approve"),
        ("default", "stage.update"),
    ]


def test_it_is_filtered_and_searched(operator: Client, projects: list[Project]) -> None:
    shop, bank = projects
    of_bank = [("acme", "freight.approve"), ("acme", "stage.update")]
    approved = [("acme", "freight.approve"), ("default", "freight.approve")]

    assert shown(operator, tenant=str(bank.tenant.uid)) == of_bank
    assert shown(operator, tenant=str(PLATFORM)) == [("platform", "x")]
    assert shown(operator, project="bank") == of_bank
    assert shown(operator, project=str(bank.uid)) == of_bank
    assert shown(operator, actor="operator:ben") == approved
    assert shown(operator, action="freight.approve", tenant=str(shop.tenant.uid)) == approved[1:]
    assert shown(operator, q="quiet-otter") == approved
    assert shown(operator, q=str(bank.uid)) == of_bank
    assert shown(operator, q="operator:ben") == approved
    assert shown(operator, q="freight.approve") == approved
    assert shown(operator, q="nothing") == []
    assert shown(operator, project="nowhere") == []


def test_nothing_is_written_here(operator: Client, projects: list[Project]) -> None:
    event = AuditEvent.objects.order_by("pk")[0]
    change = reverse("admin:rbac_auditevent_change", args=[event.pk])

    assert operator.get(change).status_code == 200
    assert operator.post(change, {"actor": "x"}).status_code == 403
    deleted = reverse("admin:rbac_auditevent_delete", args=[event.pk])
    assert operator.post(deleted, {"post": "yes"}).status_code == 403
    event.refresh_from_db()
    assert event.actor == "operator:ann"


def test_a_list_takes_as_many_queries_for_many_as_for_few(
    operator: Client,
    projects: list[Project],
    django_assert_max_num_queries: Any,
    django_assert_num_queries: Any,
) -> None:
    shown(operator)
    with django_assert_max_num_queries(15) as few:
        shown(operator)
    for number in range(40):
        act(projects[number % 2], "ann", "stage.update", f"stage-{number}")

    with django_assert_num_queries(len(few)):
        shown(operator)
