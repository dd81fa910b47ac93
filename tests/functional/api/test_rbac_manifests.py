"""ServiceAccounts, Roles and bindings as manifests: saved, shown, deleted."""

from typing import Any

import pytest
import yaml
from django.test import Client

from projects.models import Project
from promotions.services.apply import Action, apply_documents
from rbac.actors import operator_at_console
from rbac.models import (
    ApiToken,
    AuditEvent,
    Role,
    RoleBinding,
    RoleBindingSubject,
    ServiceAccount,
)
from rbac.services import issue_role_token
from tests.factories.domain import NOON
from tests.factories.people import make_person
from tests.functional.api.access_documents import (
    ALL_STAGES,
    CLAIMS,
    KARGO,
    account,
    binding,
    drop,
    put,
    role,
)
from tests.functional.api.conftest import Scene, client_for
from tests.functional.api.role_scene import P, with_roles


@pytest.fixture
def project(scene: Scene) -> Project:
    return with_roles(scene.project)


def test_a_role_of_three_manifests_is_a_kargo_role(alice: Client, project: Project) -> None:
    claims = account(claims='{"email":["dora@example.com"]}', managed="true")

    response = put(alice, claims, role(), binding())

    documents = [it["createdResourceManifest"] for it in response.json()["results"]]
    assert [it["kind"] for it in documents] == ["ServiceAccount", "Role", "RoleBinding"]
    assert all(it["metadata"]["uid"] for it in documents)
    shown = alice.get(f"{P}/roles/robot").json()
    assert shown["kargoManaged"] is False
    assert shown["rules"] == [ALL_STAGES]
    assert shown["claims"] == [{"name": "email", "values": ["dora@example.com"]}]
    dora = client_for(make_person("dora"))
    assert dora.get(f"{P}/stages").status_code == 200
    assert dora.get(f"{P}/warehouses").status_code == 403


def test_applying_the_same_again_changes_nothing(alice: Client, project: Project) -> None:
    documents = (account(claims='{"groups":["a"]}'), role(), binding())
    first = put(alice, *documents).json()["results"]
    events = AuditEvent.objects.count()

    again = put(alice, *documents).json()["results"]

    assert [it["updatedResourceManifest"] for it in again] == [
        it["createdResourceManifest"] for it in first
    ]
    assert AuditEvent.objects.count() == events


def test_what_changes_is_audited_before_and_after(alice: Client, project: Project) -> None:
    put(alice, account(), role(), binding())

    put(
        alice,
        account(claims='{"groups":["a"]}'),
        role("robot", ALL_STAGES, {**ALL_STAGES, "resources": ["warehouses"]}),
        binding(subjects=("demo/robot", "demo/other")),
    )

    events = {it.action: it for it in AuditEvent.objects.exclude(action__endswith=".issue")}
    assert {"service_account.create", "role_object.create", "role_binding.create"} <= events.keys()
    changed = events["service_account.update"]
    assert (changed.before, changed.after) == ({"claims": {}}, {"claims": {"groups": ["a"]}})
    assert len((events["role_object.update"].after or {})["rules"]) == 2
    assert events["role_binding.update"].after == {"subjects": ["demo/other", "demo/robot"]}
    assert events["role_binding.update"].actor == "email:alice@example.com"


def test_claims_of_the_older_form_are_stored_in_the_newer(alice: Client, project: Project) -> None:
    document = account(**{"claim.groups": "b,a", "claims": '{"groups":"c"}'})

    stored = put(alice, document).json()["results"][0]["createdResourceManifest"]

    assert stored["metadata"]["annotations"] == {CLAIMS: '{"groups":["a","b","c"]}'}
    (found,) = ServiceAccount.objects.filter(name="robot")
    assert list(found.claim_values.order_by("value").values_list("value", flat=True)) == [
        "a",
        "b",
        "c",
    ]
    assert "updatedResourceManifest" in put(alice, document).json()["results"][0]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (account(claims="[]"), "must be a JSON object"),
        (account(claims='{"groups":[1]}'), "list of texts"),
        (account(claims="[" * 100_000), "must be a JSON object"),
        (account(claims=f'{{"groups":"{"x" * 2000}"}}'), "more than 1024"),
        (role("robot", {"apiGroups": [KARGO], "resources": ["stages"]}), "verbs"),
        (role("robot", {"apiGroups": [KARGO], "verbs": ["get"]}), "resources"),
        (role("robot", {"resources": ["stages"], "verbs": ["get"]}), "apiGroups"),
        ({**binding(), "roleRef": {"kind": "User", "name": "x"}}, "roleRef.kind"),
        ({**binding(), "subjects": [{"kind": "Group", "name": "x"}]}, "ServiceAccount"),
        (binding(to="Role/robot", namespace=""), 'must be "ClusterRole"'),
    ],
)
def test_bad_manifests_are_refused_in_a_sentence(
    operator: Client, project: Project, document: object, words: str
) -> None:
    response = put(operator, document)

    assert (response.status_code, words in response.json()["error"]) == (422, True), response.json()


def test_a_binding_needs_the_role_that_it_binds(alice: Client, project: Project) -> None:
    missing = put(alice, binding())
    default = put(alice, binding("viewers", to="Role/kargo-viewer"))
    cluster = put(alice, binding("all", to="ClusterRole/kargo-user"))

    assert (missing.status_code, "not found" in missing.json()["error"]) == (404, True)
    assert default.status_code == 200
    assert cluster.status_code == 403, "nobody gives the rights of a system role in one project"


def test_a_binding_never_moves_to_another_role(alice: Client, project: Project) -> None:
    put(alice, role(), role("other"), binding())

    moved = put(alice, binding(to="Role/other"))

    assert (moved.status_code, "immutable" in moved.json()["error"]) == (422, True)


def test_what_default_roles_are_made_of_cannot_be_replaced(
    operator: Client, project: Project
) -> None:
    for document in (
        role("kargo-viewer"),
        binding("kargo-viewer", to="Role/kargo-admin"),
    ):
        assert put(operator, document).status_code == 409
        assert drop(operator, document).status_code == 409
    kept = put(operator, account("kargo-viewer", claims='{"groups":["everybody"]}'))
    assert kept.status_code == 200
    viewer = operator.get(f"{P}/roles/kargo-viewer").json()
    assert viewer["kargoManaged"] is True
    assert viewer["claims"] == [{"name": "groups", "values": ["everybody"]}]
    refused = drop(operator, account("kargo-viewer"))
    assert (refused.status_code, "cannot be deleted" in refused.json()["error"]) == (422, True)


def test_a_system_role_keeps_its_label(operator: Client, project: Project) -> None:
    document = account("kargo-viewer", namespace="kargo", claims='{"groups":["everybody"]}')

    assert put(operator, document).status_code == 200

    viewer = operator.get("/v1beta1/system/roles/kargo-viewer").json()
    assert viewer["claims"] == [{"name": "groups", "values": ["everybody"]}]


def test_a_cluster_roles_namespace_does_not_count(operator: Client, project: Project) -> None:
    document = role(namespace="")
    document["metadata"]["namespace"] = "demo"

    put(operator, document)
    put(operator, role())

    assert sorted(Role.objects.values_list("namespace", flat=True)) == ["", "demo"]
    assert drop(operator, document).status_code == 200
    assert Role.objects.get().namespace == "demo"


def test_deleting_an_account_ends_its_tokens(alice: Client, project: Project) -> None:
    put(alice, account(), role(), binding())
    robot = ServiceAccount.objects.get(name="robot")
    _token, plaintext = issue_role_token(
        robot, name="ci", expires_at=None, actor=operator_at_console("tests"), now=NOON
    )
    ci = Client(headers={"Authorization": f"Bearer {plaintext}"})
    assert ci.get(f"{P}/stages").status_code == 200

    response = drop(alice, account(), role(), binding())

    assert all("deletedResourceManifest" in it for it in response.json()["results"])
    assert ci.get(f"{P}/stages").status_code == 401
    assert not ApiToken.objects.filter(name="ci").exists()
    assert not Role.objects.exists()
    assert not RoleBinding.objects.exists()
    assert not RoleBindingSubject.objects.exists()
    actions = AuditEvent.objects.filter(action__endswith=".delete")
    assert set(actions.values_list("action", flat=True)) == {
        "role_binding.delete",
        "role_object.delete",
        "service_account.delete",
    }
    assert {drop(alice, it).status_code for it in (account(), role(), binding())} == {404}


def test_applying_a_directory_skips_what_belongs_to_other_systems(project: Project) -> None:
    documents = [
        account(namespace="argocd"),
        role(namespace="argocd"),
        {**binding(namespace="argocd"), "subjects": [{"kind": "Group", "name": "x"}]},
        binding(),
        role(),
        account(),
    ]

    report = apply_documents(
        yaml.safe_dump_all(documents),
        tenant=project.tenant,
        actor=operator_at_console("tests"),
        now=NOON,
    )

    assert [it.action for it in report.items] == [Action.SKIPPED] * 3 + [Action.CREATED] * 3
    assert 'the namespace "argocd" is not a project' in report.items[0].warnings[0]


def test_a_global_namespace_is_no_name_for_a_project(
    operator: Client, project: Project, settings: Any
) -> None:
    settings.GLOBAL_SERVICE_ACCOUNT_NAMESPACES = ["platform-team"]
    document = {
        "apiVersion": f"{KARGO}/v1alpha1",
        "kind": "Project",
        "metadata": {"name": "platform-team"},
    }

    assert put(operator, document).status_code == 409
    assert put(operator, account(namespace="platform-team")).status_code == 200
    assert put(operator, account(namespace="nowhere")).status_code == 404
