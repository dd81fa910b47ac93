"""Operators see which tools the host has; the deployment check says the same."""

import pytest
from django.core.checks import run_checks
from django.test import Client
from django.urls import reverse

from rbac.defaults import TENANT_ADMIN
from tests.factories.domain import make_tenant
from tests.factories.people import grant, make_operator, make_person, make_stranger

pytestmark = pytest.mark.django_db


def test_an_operator_sees_versions_and_the_isolation(client: Client) -> None:
    client.force_login(make_operator())

    text = client.get(reverse("tools")).content.decode()

    for expected in ("git", "gpg", "helm", "kustomize", "Landlock", "/usr/bin/git"):
        assert expected in text
    assert reverse("tools") in client.get(reverse("admin:index")).content.decode()


def test_nobody_else_sees_the_page(client: Client) -> None:
    stranger = make_stranger()
    staff = make_person("support")
    staff.is_staff = True
    staff.save()
    grant(staff, TENANT_ADMIN, tenant=make_tenant())

    assert client.get(reverse("tools")).status_code == 302
    client.force_login(stranger)
    assert client.get(reverse("tools")).status_code == 302
    client.force_login(staff)
    assert client.get(reverse("tools")).status_code == 403
    assert reverse("tools") not in client.get(reverse("admin:index")).content.decode()


def test_the_page_only_shows(client: Client) -> None:
    client.force_login(make_operator())

    assert client.post(reverse("tools")).status_code == 405


def test_the_deployment_check_warns_of_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")

    found = [it for it in run_checks(include_deployment_checks=True) if "kargo." in (it.id or "")]

    assert {it.id for it in found} == {"kargo.W001"}
    assert len(found) == 4
    assert any("KARGO_HELM_PATH" in (it.hint or "") for it in found)
    assert not any(it.id == "kargo.W001" for it in run_checks())
