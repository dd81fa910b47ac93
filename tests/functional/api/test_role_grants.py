"""Grants and revocations over the API, and which roles they may change."""

from typing import Any

import pytest
from django.test import Client

from projects.models import Project
from rbac.models import AuditEvent, Role, RoleBinding, RoleBindingSubject, ServiceAccount
from rbac.rules import KARGO
from tests.factories.people import make_person
from tests.functional.api.conftest import Scene, client_for
from tests.functional.api.role_scene import MANAGED, P, body, rule, send, with_roles


@pytest.fixture
def project(scene: Scene) -> Project:
    return with_roles(scene.project)


def test_permissions_are_granted_and_revoked_one_by_one(alice: Client, project: Project) -> None:
    send(alice, "post", f"{P}/roles", body())

    def change(verb: str, **details: Any) -> Any:
        return send(
            alice, "post", f"{P}/roles/{verb}", {"role": "deployer", "resourceDetails": details}
        )

    granted = change("grants", resourceType="stage", verbs=["promote", "get"])
    change("grants", resourceType="stages", resourceName="uat", verbs=["promote", "patch"])
    named = change("revocations", resourceType="stages", resourceName="uat", verbs=["promote"])
    rest = change("revocations", resourceType="stages", verbs=["promote", "delete"])
    gone = change("revocations", resourceType="stages", verbs=["*"])
    again = change("revocations", resourceType="warehouses", verbs=["get"])

    assert granted.status_code == 200
    assert granted.json()["rules"] == [rule("stages", "get", "promote")]
    assert named.json()["rules"] == [
        rule("stages", "get", "promote"),
        rule("stages", "patch", name="uat"),
    ]
    assert rest.json()["rules"] == [rule("stages", "get"), rule("stages", "patch", name="uat")]
    assert gone.json()["rules"] == again.json()["rules"] == []
    actions = AuditEvent.objects.filter(action__startswith="role.").order_by("pk")
    assert list(actions.values_list("action", flat=True)) == [
        "role.create",
        "role.grant_permission",
        "role.grant_permission",
        "role.revoke_permission",
        "role.revoke_permission",
        "role.revoke_permission",
    ]


def test_granting_makes_the_role_and_binding_that_are_missing(
    alice: Client, project: Project
) -> None:
    ServiceAccount.objects.create(
        tenant_uid=project.tenant.uid,
        project_uid=project.uid,
        namespace="demo",
        name="bare",
        annotations={MANAGED: "true"},
    )
    details = {"resourceType": "stages", "verbs": ["get"]}

    revoked = send(
        alice, "post", f"{P}/roles/revocations", {"role": "bare", "resourceDetails": details}
    )
    granted = send(alice, "post", f"{P}/roles/grants", {"role": "bare", "resourceDetails": details})

    assert (revoked.status_code, revoked.json()["rules"]) == (200, [])
    assert granted.json()["rules"] == [rule("stages", "get")]
    assert (Role.objects.get().name, RoleBinding.objects.get().role_name) == ("bare", "bare")
    subject = RoleBindingSubject.objects.get()
    assert (subject.namespace, subject.name) == ("demo", "bare")


def test_a_role_is_given_to_people_by_claims_and_taken_back(
    alice: Client, scene: Scene, project: Project
) -> None:
    dora = make_person("dora")
    assert client_for(dora).get(f"{P}/stages").status_code == 404

    claims = {"claims": [{"name": "email", "values": ["dora@example.com", "e@example.com"]}]}
    granted = send(
        alice, "post", f"{P}/roles/grants", {"role": "kargo-viewer", "userClaims": claims}
    )
    during = client_for(dora).get(f"{P}/stages").status_code
    claims = {"claims": [{"name": "email", "values": ["dora@example.com", "nobody"]}]}
    revoked = send(
        alice, "post", f"{P}/roles/revocations", {"role": "kargo-viewer", "userClaims": claims}
    )

    assert granted.json()["claims"] == [
        {"name": "email", "values": ["dora@example.com", "e@example.com"]}
    ]
    assert (during, client_for(dora).get(f"{P}/stages").status_code) == (200, 404)
    assert revoked.json()["claims"] == [{"name": "email", "values": ["e@example.com"]}]
    assert AuditEvent.objects.filter(action="role.grant_to_users").count() == 1
    assert AuditEvent.objects.filter(action="role.revoke_from_users").count() == 1


def test_claims_of_the_older_form_are_converted_when_they_are_amended(
    alice: Client, project: Project
) -> None:
    account = ServiceAccount.objects.create(
        tenant_uid=project.tenant.uid,
        project_uid=project.uid,
        namespace="demo",
        name="old",
        annotations={MANAGED: "true", "rbac.kargo.akuity.io/claim.groups": "b, a"},
        claims={"groups": ["a", "b"]},
    )
    assert alice.get(f"{P}/roles/old").json()["claims"] == [
        {"name": "groups", "values": ["a", "b"]}
    ]

    claims = {"claims": [{"name": "groups", "values": ["c"]}]}
    send(alice, "post", f"{P}/roles/grants", {"role": "old", "userClaims": claims})

    account.refresh_from_db()
    assert account.annotations == {
        MANAGED: "true",
        "rbac.kargo.akuity.io/claims": '{"groups":["a","b","c"]}',
    }
    assert account.claims == {"groups": ["a", "b", "c"]}
    values = account.claim_values.order_by("value").values_list("name", "value")
    assert list(values) == [("groups", "a"), ("groups", "b"), ("groups", "c")]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({}, "role is required"),
        ({"role": "deployer"}, "exactly one of userClaims and resourceDetails"),
        ({"role": "deployer", "userClaims": {}, "resourceDetails": {}}, "exactly one of"),
        ({"role": "deployer", "userClaims": {}}, "at least one claim"),
        ({"role": "deployer", "resourceDetails": {}}, "resourceType is required"),
        ({"role": "deployer", "resourceDetails": {"resourceType": "stages"}}, "verbs"),
        (
            {"role": "deployer", "resourceDetails": {"resourceType": "stagez", "verbs": ["get"]}},
            'did you mean "stages"',
        ),
        (
            {"role": "deployer", "resourceDetails": {"resourceType": "stages", "verbs": [5]}},
            "list of strings",
        ),
    ],
)
@pytest.mark.parametrize("verb", ["grants", "revocations"])
def test_grants_that_make_no_sense_are_refused(
    alice: Client, project: Project, verb: str, document: object, words: str
) -> None:
    send(alice, "post", f"{P}/roles", body())

    response = send(alice, "post", f"{P}/roles/{verb}", document)

    assert (response.status_code, words in response.json()["error"]) == (400, True), response.json()


def test_granting_to_a_role_that_is_not_there_is_404(alice: Client, project: Project) -> None:
    details = {"resourceType": "stages", "verbs": ["get"]}

    response = send(alice, "post", f"{P}/roles/grants", {"role": "x", "resourceDetails": details})

    assert response.status_code == 404


def test_a_default_roles_claims_change_and_its_rules_do_not(
    alice: Client, project: Project
) -> None:
    stored = alice.get(f"{P}/roles/kargo-viewer").json()
    claims = [{"name": "groups", "values": ["everybody"]}]

    kept = send(alice, "put", f"{P}/roles/kargo-viewer", {**stored, "claims": claims})
    fewer = send(alice, "put", f"{P}/roles/kargo-viewer", {**stored, "rules": []})
    details = {"resourceType": "stages", "verbs": ["promote"]}
    granted = send(
        alice, "post", f"{P}/roles/grants", {"role": "kargo-viewer", "resourceDetails": details}
    )
    deleted = alice.delete(f"{P}/roles/kargo-viewer")

    assert kept.json() == {**stored, "claims": claims}
    for refused in (fewer, granted, deleted):
        assert refused.status_code == 400
        assert "make a role of your own" in refused.json()["error"]
    assert alice.get(f"{P}/roles/kargo-viewer").json()["claims"] == claims
    assert send(alice, "post", f"{P}/roles", body("kargo-viewer")).status_code == 409


def bind(project: Project, account: str, *, role: str, kind: str = "Role", name: str = "") -> None:
    binding = RoleBinding.objects.create(
        tenant_uid=project.tenant.uid,
        project_uid=project.uid,
        namespace="demo",
        name=name or f"{account}-{role}",
        role_kind=kind,
        role_name=role,
        annotations={MANAGED: "true"},
    )
    RoleBindingSubject.objects.create(binding=binding, namespace="demo", name=account)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("unmarked account", "is not annotated as Kargo-managed"),
        ("unmarked role", "is not annotated as Kargo-managed"),
        ("unmarked binding", "is not annotated as Kargo-managed"),
        ("two roles", "multiple Roles"),
        ("two bindings", "multiple RoleBindings"),
        ("cluster role", "ClusterRoles"),
    ],
)
def test_what_somebody_made_by_hand_is_read_and_not_changed(
    alice: Client, project: Project, how: str, words: str
) -> None:
    rules = [{"resources": ["stages"], "verbs": ["get"]}]
    send(alice, "post", f"{P}/roles", body(rules=rules))
    own = {"tenant_uid": project.tenant.uid, "project_uid": project.uid, "namespace": "demo"}
    other = [{"apiGroups": [KARGO], "resources": ["*"], "verbs": ["*"]}]
    match how:
        case "unmarked account":
            ServiceAccount.objects.filter(name="deployer").update(annotations={})
        case "unmarked role":
            Role.objects.update(annotations={})
        case "unmarked binding":
            RoleBinding.objects.update(annotations={})
        case "two roles":
            Role.objects.create(**own, name="other", rules=other, annotations={MANAGED: "true"})
            bind(project, "deployer", role="other")
        case "two bindings":
            bind(project, "deployer", role="deployer", name="again")
        case _:
            Role.objects.create(tenant_uid=project.tenant.uid, name="wide", rules=other)
            bind(project, "deployer", role="wide", kind="ClusterRole")

    shown = alice.get(f"{P}/roles/deployer").json()
    details = {"resourceType": "stages", "verbs": ["get"]}
    claims = {"claims": [{"name": "groups", "values": ["a"]}]}
    refusals = [
        alice.delete(f"{P}/roles/deployer"),
        send(alice, "put", f"{P}/roles/deployer", body()),
        *(
            send(alice, "post", f"{P}/roles/{verb}", {"role": "deployer", **what})
            for verb in ("grants", "revocations")
            for what in ({"resourceDetails": details}, {"userClaims": claims})
        ),
    ]

    assert shown["kargoManaged"] is False
    assert rule("stages", "get") in shown["rules"]
    assert (other[0] in shown["rules"]) is (how in {"two roles", "cluster role"})
    assert {it.status_code for it in refusals} == {400}
    assert all(words in it.json()["error"] for it in refusals)
    assert {it["metadata"]["name"] for it in alice.get(f"{P}/roles").json()} >= {"deployer"}


def test_a_binding_to_a_role_that_is_gone_is_no_reason_to_fail(
    alice: Client, project: Project
) -> None:
    send(alice, "post", f"{P}/roles", body())
    Role.objects.all().delete()

    assert alice.get(f"{P}/roles/deployer").json()["rules"] == []
    details = {"resourceType": "stages", "verbs": ["get"]}
    granted = send(
        alice, "post", f"{P}/roles/grants", {"role": "deployer", "resourceDetails": details}
    )
    assert granted.json()["rules"] == [rule("stages", "get")]
