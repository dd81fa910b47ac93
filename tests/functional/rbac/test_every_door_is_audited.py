"""Every act through every door leaves an event: with who did it, from where, and why."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from allauth.core.context import request_context
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.core.cache import cache
from django.test import Client, RequestFactory
from django.urls import reverse

from projects.models import Tenant
from rbac.actors import operator_at_console
from rbac.models import AuditEvent, User
from rbac.services import make_project_roles
from rbac.web import ClosedSignupAdapter
from tests.factories.domain import NOON
from tests.factories.people import make_admin, make_operator, make_viewer
from tests.functional.portal.scenes import ordinary
from tests.functional.rbac.doors import (
    ADDRESS,
    CONFIG_MAP,
    REASON,
    ROWS,
    Row,
    World,
    change_person,
    run,
    send,
    submit,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    cache.clear()
    scene = ordinary()
    project = scene.project
    make_project_roles(
        tenant_uid=project.tenant.uid,
        project_uid=project.uid,
        namespace=project.name,
        creator=operator_at_console("tests"),
        now=NOON,
    )
    operator, alice = make_operator(), make_admin(scene.project)
    with patch("getpass.getuser", return_value="tester"):
        yield World(scene, tmp_path, operator, alice, make_viewer(scene.project))
    cache.clear()


@pytest.mark.parametrize(
    "row", ROWS, ids=[f"{index}-{row.door}-{row.action}" for index, row in enumerate(ROWS)]
)
def test_an_act_is_audited(world: World, row: Row) -> None:
    for _ in (world.api, world.portal, world.admin):  # what opening the doors leaves is not meant
        pass
    before = set(AuditEvent.objects.values_list("pk", flat=True))

    row.do(world)

    events = AuditEvent.objects.filter(action=row.action, actor=row.actor).exclude(pk__in=before)
    event = events.first()
    others = AuditEvent.objects.exclude(pk__in=before).values_list("action", "actor")
    assert event is not None, list(others)
    if row.door != "console":
        assert event.address == ADDRESS
    if not row.action.startswith("user.") and row.door != "console":
        assert event.reason == REASON
    assert "another horse 42" not in str([it.after for it in events])


def test_the_reason_of_a_login_that_fails_is_not_its_password(world: World) -> None:
    make_operator("admin")
    headers = {"Authorization": "Bearer hunter22hunter22"}

    response = Client().post("/v1beta1/login", headers=headers, REMOTE_ADDR=ADDRESS)

    assert response.status_code == 403
    event = AuditEvent.objects.get(action="user.fail_sign_in")
    assert (event.object_name, event.address) == ("admin", ADDRESS)
    assert "hunter22" not in str(list(AuditEvent.objects.values()))


def test_who_types_a_password_where_the_name_belongs_does_not_find_it_in_the_audit(
    world: World,
) -> None:
    submit(Client(), "/accounts/login/", login="hunter22", password="alice")

    assert AuditEvent.objects.get(action="user.fail_sign_in").object_name == ""


def test_another_way_in_is_audited(world: World) -> None:
    request = RequestFactory().post("/accounts/2fa/totp/activate/", REMOTE_ADDR=ADDRESS)
    request.user = world.bob

    with request_context(request):
        ClosedSignupAdapter().send_notification_mail("mfa/email/totp_activated", world.bob)

    event = AuditEvent.objects.get(action="user.activate_totp")
    assert (event.actor, event.address) == ("email:bob@example.com", ADDRESS)


def test_what_changes_says_what_was_there_before(world: World) -> None:
    send(world.api, "POST", "/v1beta1/resources", CONFIG_MAP % "red")
    send(world.api, "PUT", "/v1beta1/resources", CONFIG_MAP % "blue")
    change_person(world)
    send(world.api, "DELETE", "/v1beta1/projects/shop/stages/prod")

    def facts(action: str) -> list[Any]:
        event = AuditEvent.objects.get(action=action)
        return [event.before, event.after]

    assert facts("config_map.update") == [
        {"data": {"colour": "red"}},
        {"data": {"colour": "blue"}},
    ]
    before, after = facts("user.update")
    assert (before["email"], after["email"]) == ("bob@example.com", "robert@example.com")
    before, after = facts("stage.delete")
    assert before["spec"]["requestedFreight"]
    assert after is None


def test_a_form_with_a_reason_that_is_too_long_is_refused(world: World) -> None:
    address = reverse("portal:refresh-stage", args=["shop", "test"])

    response = world.portal.post(address, {"reason": "x" * 1001})

    assert response.status_code == 400
    assert not AuditEvent.objects.filter(action="stage.refresh").exists()


WRITTEN_BY_SERVICES = {
    "ApiToken",
    "Authenticator",
    "ControlPlane",
    "IdentityProvider",
    "Membership",
    "Quota",
    "Tenant",
}
"""Models whose admin calls services for whatever it writes."""


def test_nothing_is_written_in_the_admin_without_an_audit(world: World) -> None:
    request = RequestFactory().get("/admin/")
    request.user = world.operator

    def is_writable(shown: ModelAdmin[Any]) -> bool:
        asks = (shown.has_add_permission, shown.has_change_permission, shown.has_delete_permission)
        return any(ask(request) for ask in asks)

    writable = {
        model.__name__
        for model, shown in admin.site._registry.items()
        if is_writable(shown) and not hasattr(shown, "_audit")
    }

    assert writable <= WRITTEN_BY_SERVICES


def test_createsuperuser_makes_nobody_that_the_audit_does_not_know() -> None:
    with pytest.raises(Exception, match="create_operator"):
        run("createsuperuser", "--username", "mallory", "--email", "m@example.com", "--no-input")
    assert Tenant.objects.count() == User.objects.count() == 0
