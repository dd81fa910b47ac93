"""Control planes through the native API, manifests, the portal and the admin."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from kargo_platform.openapi.views import schema
from projects.models import ControlPlane, Project
from promotions.manifests.yaml_text import write_yaml
from promotions.selectors.plane_access import reach_of
from promotions.services.apply import Action, apply_documents
from promotions.services.export import export_tenant
from rbac.defaults import TENANT_ADMIN
from tests.factories.domain import NOON, make_project, make_tenant
from tests.factories.people import grant, make_admin, make_person, make_stranger
from tests.functional.control_planes.scenes import ROOT, SECRET, register
from tests.functional.identity_providers.conftest import program, send

pytestmark = pytest.mark.django_db

PLANES = "/api/v1/tenants/acme/control-planes"


@pytest.fixture
def project(db: None) -> Project:
    return make_project("shop", tenant=make_tenant("acme"))


@pytest.fixture
def tara(project: Project) -> Client:
    return program(_tara(project))


@pytest.fixture
def page(project: Project) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(_tara(project))
    return client


def _tara(project: Project) -> Any:
    tara = make_person("tara")
    grant(tara, TENANT_ADMIN, tenant=project.tenant)
    tara.is_staff = True
    tara.save(update_fields=["is_staff"])
    return tara


def body(**changes: Any) -> dict[str, Any]:
    said = {
        "name": "main",
        "kind": "rest",
        "address": "https://argocd.example.com/root/",
        "uiUrl": "https://argocd.example.com",
        "projects": ["shop"],
        "credential": {"token": SECRET},
        **changes,
    }
    return {key: it for key, it in said.items() if it is not None}


def test_a_tenant_admin_registers_a_control_plane(tara: Client) -> None:
    answer = send(tara, "post", PLANES, body())

    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert made == {
        "name": "main",
        "uid": made["uid"],
        "tenant": "acme",
        "generation": 1,
        "kind": "rest",
        "address": "https://argocd.example.com/root",
        "uiUrl": "https://argocd.example.com",
        "defaultNamespace": "argocd",
        "projects": ["shop"],
        "enabled": True,
        "hasCredential": True,
        "credentialSecret": None,
        "hasNextCredential": False,
        "state": "pending",
        "warnings": [],
        "missingPermissions": [],
        "createdAt": made["createdAt"],
        "updatedAt": made["createdAt"],
    }


def test_a_credential_goes_in_and_never_comes_out(tara: Client) -> None:
    answers = [
        send(tara, "post", PLANES, body()),
        send(tara, "get", PLANES),
        send(tara, "get", f"{PLANES}/main"),
        send(tara, "patch", f"{PLANES}/main", {"credential": {"token": f"{SECRET}-2"}}),
        send(tara, "post", f"{PLANES}/main/rotate", {"credential": {"token": f"{SECRET}-3"}}),
        send(tara, "post", f"{PLANES}/main/rotate", {"credential": {"token": f"{SECRET} 4"}}),
        send(tara, "patch", f"{PLANES}/main", {"credential": {"token": [SECRET]}}),
        send(tara, "patch", f"{PLANES}/main", {"kind": SECRET, "credential": {"token": SECRET}}),
    ]

    assert [it.status_code for it in answers] == [201, 200, 200, 200, 200, 422, 422, 422]
    assert SECRET not in "".join(it.content.decode() for it in answers)


def test_what_a_change_does_not_name_stays(tara: Client) -> None:
    send(tara, "post", PLANES, body())

    changed = send(tara, "patch", f"{PLANES}/main", {"projects": None, "shard": "eu"}).json()

    assert (changed["shard"], changed["uiUrl"]) == ("eu", "https://argocd.example.com")
    assert "projects" not in changed
    assert reach_of(ControlPlane.objects.get()).by_all().token == SECRET


def test_switching_off_and_on_and_deleting(tara: Client) -> None:
    send(tara, "post", PLANES, body())

    off = send(tara, "post", f"{PLANES}/main/disable").json()
    on = send(tara, "post", f"{PLANES}/main/enable").json()

    assert (off["state"], off["enabled"], on["state"], on["enabled"]) == (
        *("disabled", False),
        *("pending", True),
    )
    assert send(tara, "delete", f"{PLANES}/main").status_code == 204
    assert send(tara, "get", f"{PLANES}/main").status_code == 404


def test_a_check_of_what_does_not_answer_says_so(tara: Client) -> None:
    send(tara, "post", PLANES, body(address="http://127.0.0.1:1"))

    answer = send(tara, "post", f"{PLANES}/main/check")

    assert answer.status_code == 200, answer.content
    assert answer.json()["state"] == "unreachable"
    assert answer.json()["reason"]


def test_lists_are_paged_by_name_and_cost_the_same_however_long(
    tara: Client, project: Project, django_assert_num_queries: Any
) -> None:
    for number in range(4):
        register(project.tenant, f"plane-{number}", shard=f"s{number}")

    first = tara.get(PLANES, {"limit": "3"}).json()
    second = tara.get(PLANES, {"limit": "3", "after": first["after"]}).json()

    assert [it["name"] for it in first["items"]] == ["plane-0", "plane-1", "plane-2"]
    assert ([it["name"] for it in second["items"]], second["after"]) == (["plane-3"], None)
    assert tara.get(PLANES, {"limit": "1001"}).status_code == 400


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (body(name="No Name"), 422),
        (body(nonsense=1), 400),
        (body(tls={"nonsense": 1}), 422),
        (body(credential=None), 422),
        (body(credential={}), 422),
        (body(credential="token"), 422),
        (body(kind=None), 422),
        (body(address="https://argocd.example.com\0"), 422),
        (body(projects="shop"), 422),
        ({}, 422),
    ],
)
def test_what_is_not_usable_is_refused(tara: Client, said: dict[str, Any], status: int) -> None:
    answer = send(tara, "post", PLANES, said)

    assert (answer.status_code, ControlPlane.objects.count()) == (status, 0), answer.content


def test_others_do_not_get_in(project: Project) -> None:
    register(project.tenant)
    admin = program(make_admin(project))
    stranger = program(make_stranger(make_tenant("elsewhere")))

    assert send(admin, "get", PLANES).status_code == 403
    assert send(stranger, "get", f"{PLANES}/main").status_code == 404
    assert send(stranger, "delete", f"{PLANES}/main").status_code == 404


def test_the_description_names_the_operations() -> None:
    paths = schema()["paths"]

    path = "/api/v1/tenants/{tenant}/control-planes/{plane}/rotate"
    assert "ControlPlaneCredential" in json.dumps(paths[path]["post"])


# ---------------------------------------------------------------- manifests


def document(**spec: Any) -> dict[str, Any]:
    said = body(**spec)
    return {
        "apiVersion": "platform.kargo.io/v1alpha1",
        "kind": "ControlPlane",
        "metadata": {"name": said.pop("name")},
        "spec": said,
    }


def applied(project: Project, *documents: dict[str, Any]) -> list[Action]:
    report = apply_documents(write_yaml(documents), tenant=project.tenant, actor=ROOT, now=NOON)
    assert not report.failed, [str(it.error) for it in report.failed]
    return [it.action for it in report.items]


def test_a_manifest_is_applied_exported_without_its_credential_and_applied_again(
    project: Project,
) -> None:
    first = applied(project, document())
    exported = [it for it in export_tenant(project.tenant) if it["kind"] == "ControlPlane"]
    again = applied(project, *exported)

    assert (first, again) == ([Action.CREATED], [Action.UNCHANGED])
    assert SECRET not in str(exported)
    assert "status" not in exported[0]
    assert reach_of(ControlPlane.objects.get()).by_all().token == SECRET


def test_a_manifest_without_a_credential_is_refused_unless_one_is_kept(project: Project) -> None:
    content = document(credential={"token": "*** REDACTED ***"})

    report = apply_documents(write_yaml([content]), tenant=project.tenant, actor=ROOT, now=NOON)

    assert [it.action for it in report.items] == [Action.FAILED]
    assert "is required: a token" in str(report.items[0].error)


def test_the_resources_door_asks_for_the_right_of_a_tenant_admin(
    project: Project, tara: Client
) -> None:
    admin = program(make_admin(project))
    sent: dict[str, Any] = {"data": json.dumps(document()), "content_type": "application/json"}

    assert admin.post("/t/acme/v1beta1/resources", **sent).status_code == 403
    assert tara.post("/t/acme/v1beta1/resources", **sent).status_code == 201


# ---------------------------------------------------------------- portal and admin


def test_the_page_shows_state_reason_and_what_is_missing(page: Client, project: Project) -> None:
    plane = register(project.tenant)
    missing = {"action": "applications, update", "scope": "team/*", "allowed": False}
    ControlPlane.objects.filter(pk=plane.pk).update(
        state="degraded",
        reason="A right is missing.",
        version="v3.1.0",
        permissions=[{**missing, "required": False, "purpose": "edit sources"}],
    )

    text = page.get("/t/acme/control-planes").content.decode()

    for said in ("Works in part", "A right is missing.", "v3.1.0", "needed to edit sources"):
        assert said in text
    assert SECRET not in text


def test_the_page_is_not_in_the_menu_of_those_who_may_not_see_it(project: Project) -> None:
    client = Client()
    client.force_login(make_admin(project))

    assert "Control planes" not in client.get("/t/acme/projects").content.decode()


def admin_form(project: Project, **changes: str) -> dict[str, object]:
    return {
        "tenant": project.tenant.pk,
        "kind": "rest",
        "token": SECRET,
        "address": "https://argocd.example.com",
        "tls_mode": "system",
        "is_enabled": "on",
        "default_namespace": "argocd",
        "per_second": 10,
        "burst": 20,
        "connections": 8,
        **changes,
    }


def test_the_admin_registers_and_changes_one_and_shows_no_credential(
    page: Client, project: Project
) -> None:
    form = admin_form(project, name="main")

    made = page.post(reverse("admin:projects_controlplane_add"), form)
    plane = ControlPlane.objects.get()
    address = reverse("admin:projects_controlplane_change", args=[plane.pk])
    changed = page.post(address, {**form, "token": "", "bound_projects": "shop"})
    shown = page.get(address).content.decode()

    assert (made.status_code, changed.status_code) == (302, 302)
    plane.refresh_from_db()
    assert plane.spec["projects"] == ["shop"]
    assert reach_of(plane).by_all().token == SECRET
    assert SECRET not in shown


def test_the_admin_says_what_is_wrong(page: Client, project: Project) -> None:
    wrong = {"token": "two words", "address": "gopher://x", "tls_mode": "pin"}
    form = admin_form(project, name="main", **wrong)

    answer = page.post(reverse("admin:projects_controlplane_add"), form)

    assert answer.status_code == 200
    assert "must be an http or https address" in answer.content.decode()
    assert not ControlPlane.objects.exists()


def test_the_admin_says_beside_the_field_that_another_one_serves_these_projects(
    page: Client, project: Project
) -> None:
    register(project.tenant, "first")
    form = admin_form(project, name="second")

    answer = page.post(reverse("admin:projects_controlplane_add"), form)

    assert answer.status_code == 200
    assert "serves all projects in the default shard already" in answer.content.decode()
    assert ControlPlane.objects.count() == 1


def test_the_admin_keeps_a_tenants_admin_off_another_tenants_control_planes(
    page: Client, project: Project
) -> None:
    foreign = register(make_tenant("beta"), "theirs")
    form = {"tenant": foreign.tenant.pk, "name": "mine", "kind": "rest", "token": SECRET}
    change = reverse("admin:projects_controlplane_change", args=[foreign.pk])

    added = page.post(reverse("admin:projects_controlplane_add"), form)
    answers = [page.get(change), page.post(change, form)]

    assert added.status_code == 200
    assert {it.status_code for it in answers} <= {302, 403, 404}
    assert list(ControlPlane.objects.values_list("name", flat=True)) == ["theirs"]
