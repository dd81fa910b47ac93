"""Roles over the API: read, made, replaced, deleted, and by whom."""

from typing import Any

import pytest
from django.test import Client

from projects.models import Project
from rbac.actors import controller
from rbac.models import (
    AuditEvent,
    Membership,
    Role,
    RoleBinding,
    RoleBindingSubject,
    ServiceAccount,
)
from rbac.services import make_project_roles, make_system_roles
from tests.factories.domain import NOON, make_tenant
from tests.factories.people import grant, make_person
from tests.functional.api.conftest import Scene, client_for
from tests.functional.api.role_scene import DESCRIPTION, P, body, member, rule, send, with_roles


@pytest.fixture
def project(scene: Scene) -> Project:
    return with_roles(scene.project)


def test_a_projects_own_roles_are_listed_by_name(alice: Client, project: Project) -> None:
    response = alice.get(f"{P}/roles")

    roles = response.json()
    assert response.status_code == 200
    assert [it["metadata"]["name"] for it in roles] == [
        "kargo-admin",
        "kargo-promoter",
        "kargo-viewer",
    ]
    assert all(it["kargoManaged"] for it in roles)
    assert roles[0]["metadata"] == {
        "name": "kargo-admin",
        "namespace": "demo",
        "creationTimestamp": "2026-06-01T12:00:00Z",
        "annotations": {DESCRIPTION: roles[0]["metadata"]["annotations"][DESCRIPTION]},
    }
    assert rule("freights/status", "patch") in roles[0]["rules"]


def test_promoters_see_no_targets(alice: Client, project: Project) -> None:
    roles = {it["metadata"]["name"]: it for it in alice.get(f"{P}/roles").json()}

    seen = {
        name: any(rule["resources"] == ["targets"] for rule in role["rules"])
        for name, role in roles.items()
    }
    assert seen == {"kargo-admin": True, "kargo-promoter": False, "kargo-viewer": True}


def test_system_roles_are_read_with_the_rules_of_their_cluster_roles(
    operator: Client, project: Project
) -> None:
    roles = operator.get("/v1beta1/system/roles").json()
    creator = operator.get("/v1beta1/system/roles/kargo-project-creator").json()

    assert [it["metadata"]["name"] for it in roles] == [
        "kargo-admin",
        "kargo-project-creator",
        "kargo-user",
        "kargo-viewer",
        "tenant-admin",
    ]
    assert {it["kargoManaged"] for it in roles} == {False}
    assert rule("projects", "create", "get", "list", "watch")["verbs"] == sorted(
        next(it for it in creator["rules"] if it["resources"] == ["projects"])["verbs"]
    )
    assert operator.get("/v1beta1/system/roles/nobody").status_code == 404


def test_a_role_is_created_normalised_and_read_again(alice: Client, project: Project) -> None:
    document = body(
        rules=[
            {"resources": ["stages", "secrets"], "verbs": ["list", "get", "get"]},
            {"resources": ["stages"], "verbs": ["promote"], "resourceNames": ["uat"]},
        ],
        claims=[
            {"name": "groups", "values": ["b", "a", "a"]},
            {"name": "email", "values": ["x@y.z"]},
        ],
    )
    document["metadata"]["annotations"] = {DESCRIPTION: "Deploys.", "other": "dropped"}

    created = send(alice, "post", f"{P}/roles", document)

    shown = created.json()
    assert created.status_code == 201
    assert shown["kargoManaged"] is True
    assert shown["claims"] == [
        {"name": "email", "values": ["x@y.z"]},
        {"name": "groups", "values": ["a", "b"]},
    ]
    assert shown["rules"] == [
        rule("secrets", "get", "list", group=""),
        rule("stages", "get", "list"),
        rule("stages", "promote", name="uat"),
    ]
    assert shown["metadata"]["annotations"] == {DESCRIPTION: "Deploys."}
    assert alice.get(f"{P}/roles/deployer").json() == shown


@pytest.mark.parametrize("part", ["ServiceAccount", "Role", "RoleBinding"])
def test_a_role_is_not_created_over_any_of_its_parts(
    alice: Client, project: Project, part: str
) -> None:
    where = {"tenant_uid": project.tenant.uid, "project_uid": project.uid, "namespace": "demo"}
    models: dict[str, Any] = {
        "ServiceAccount": ServiceAccount,
        "Role": Role,
        "RoleBinding": RoleBinding,
    }
    models[part].objects.create(name="deployer", **where)

    response = send(alice, "post", f"{P}/roles", body())

    assert response.status_code == 409
    assert "already exists" in response.json()["error"]
    assert ServiceAccount.objects.filter(name="deployer").count() == (part == "ServiceAccount")


@pytest.mark.parametrize(
    ("document", "status", "words"),
    [
        ({}, 400, "metadata.name is required"),
        ({"metadata": {"name": "x", "namespace": "other"}}, 409, "namespace"),
        ({"metadata": {"name": "Not A Name"}}, 422, "metadata.name"),
        ({"metadata": {"name": 5}}, 400, "must be a string"),
        (body(rules=[{"resources": ["stage"], "verbs": ["get"]}]), 400, 'did you mean "stages"?'),
        (body(rules=[{"resources": ["widgets"], "verbs": ["get"]}]), 400, "not a kind"),
        (body(rules=[{"resources": ["stages"]}]), 400, "verbs: is required"),
        (body(rules=[{"verbs": ["get"]}]), 400, "resources: is required"),
        (body(rules="all"), 400, "must be a list"),
        (body(rules=[{"resources": ["stages"], "verbs": ["g\0t"]}]), 400, "NUL"),
        (body(claims=[{"name": "groups"}]), 400, "at least one value"),
        (body(claims=[{"values": ["a"]}]), 400, "needs a name"),
        (body(claims={"groups": ["a"]}), 400, "must be a list"),
        (body(claims=[{"name": "groups", "values": ["x" * 1025]}]), 400, "more than 1024"),
        (body(claims=[{"name": "x" * 254, "values": ["x"]}]), 400, "more than 253"),
        (
            body(claims=[{"name": "groups", "values": [str(it) for it in range(1001)]}]),
            400,
            "no more than 1000",
        ),
    ],
)
def test_a_bad_role_is_refused_in_a_sentence(
    alice: Client, project: Project, document: object, status: int, words: str
) -> None:
    response = send(alice, "post", f"{P}/roles", document)

    assert (response.status_code, words in response.json()["error"]) == (status, True), (
        response.json()
    )
    assert not ServiceAccount.objects.filter(is_default=False).exists()


def test_rules_that_repeat_themselves_take_no_time(alice: Client, project: Project) -> None:
    many = {"resources": ["stages"] * 20_000, "resourceNames": ["a"] * 20_000, "verbs": ["get"]}

    assert send(alice, "post", f"{P}/roles", body(rules=[many])).status_code == 201

    names = [str(it) for it in range(2000)]
    many = {"resources": ["stages"], "resourceNames": names, "verbs": ["get"]}
    refused = send(alice, "post", f"{P}/roles", body("wide", rules=[many]))
    assert (refused.status_code, "no more than 1000" in refused.json()["error"]) == (400, True)


def test_a_role_is_replaced_with_its_claims_and_description(
    alice: Client, project: Project
) -> None:
    first = body(claims=[{"name": "groups", "values": ["a"]}], rules=[])
    first["metadata"]["annotations"] = {DESCRIPTION: "Old."}
    send(alice, "post", f"{P}/roles", first)

    replaced = send(
        alice,
        "put",
        f"{P}/roles/deployer",
        body(rules=[{"resources": ["stages"], "verbs": ["*"]}]),
    )

    shown = replaced.json()
    (only,) = shown["rules"]
    assert replaced.status_code == 200
    assert shown["claims"] == []
    assert "annotations" not in shown["metadata"]
    assert only["verbs"] == [
        "create", "delete", "deletecollection", "get", "list", "patch", "promote", "update",
        "watch",
    ]  # fmt: skip
    event = AuditEvent.objects.get(action="role.update")
    assert event.before
    assert event.after
    assert event.before["claims"] == {"groups": ["a"]}
    assert event.before["description"] == "Old."
    assert event.after["rules"] == shown["rules"]
    assert event.actor == "email:alice@example.com"


def test_a_role_is_not_replaced_under_another_name(alice: Client, project: Project) -> None:
    send(alice, "post", f"{P}/roles", body())

    assert send(alice, "put", f"{P}/roles/deployer", body("other")).status_code == 400
    assert send(alice, "put", f"{P}/roles/missing", body("missing")).status_code == 404


def test_a_deleted_role_takes_its_parts_tokens_and_members_along(
    alice: Client, project: Project
) -> None:
    rules = [{"resources": ["stages"], "verbs": ["get"]}]
    send(alice, "post", f"{P}/roles", body(rules=rules))
    minted = send(alice, "post", f"{P}/roles/deployer/api-tokens", {"name": "ci"}).json()
    grant(make_person("dora"), "deployer", tenant=project.tenant, project=project)

    response = alice.delete(f"{P}/roles/deployer")

    assert (response.status_code, response.content) == (204, b"")
    assert alice.get(f"{P}/roles/deployer").status_code == 404
    assert not Role.objects.exists()
    assert not RoleBinding.objects.exists()
    assert not RoleBindingSubject.objects.exists()
    assert not Membership.objects.filter(role="deployer").exists()
    assert minted["metadata"]["name"] == "ci"
    event = AuditEvent.objects.get(action="role.delete")
    assert event.before
    assert (event.before["members"], event.before["programs"]) == (["dora"], ["ci"])
    assert alice.delete(f"{P}/roles/deployer").status_code == 404


def test_what_a_role_is_made_of_is_shown_on_request(alice: Client, project: Project) -> None:
    send(alice, "post", f"{P}/roles", body(rules=[{"resources": ["stages"], "verbs": ["get"]}]))

    own = alice.get(f"{P}/roles/deployer?as-resources=true").json()
    default = alice.get(f"{P}/roles/kargo-viewer?as-resources=true").json()
    every = alice.get(f"{P}/roles?as-resources=true").json()

    for shown in (own, default):
        name = shown["metadata"]["name"]
        assert shown["serviceAccount"]["kind"] == "ServiceAccount"
        assert [it["kind"] for it in shown["roles"]] == ["Role"]
        assert shown["clusterRoles"] == []
        assert shown["roleBindings"][0]["roleRef"] == {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "Role",
            "name": name,
        }
        assert shown["roleBindings"][0]["subjects"] == [
            {"kind": "ServiceAccount", "namespace": "demo", "name": name}
        ]
    assert own["roles"][0]["rules"] == [rule("stages", "get")]
    assert own in every


def test_system_roles_are_made_of_cluster_roles(operator: Client, project: Project) -> None:
    shown = operator.get("/v1beta1/system/roles/kargo-admin?as-resources=true").json()

    assert [it["kind"] for it in shown["clusterRoles"]] == ["ClusterRole"]
    assert [it["kind"] for it in shown["roleBindings"]] == ["ClusterRoleBinding"]
    assert "namespace" not in shown["clusterRoles"][0]["metadata"]


def test_roles_are_changed_by_those_who_may_and_seen_by_members(
    bob: Client, charlie: Client, project: Project
) -> None:
    peter = client_for(member("peter", "kargo-promoter", project))
    details = {"role": "kargo-viewer", "resourceDetails": {"resourceType": "s", "verbs": ["x"]}}
    for client, seen, changed in ((bob, 200, 403), (peter, 200, 403), (charlie, 404, 404)):
        assert client.get(f"{P}/roles").status_code == seen
        assert client.get(f"{P}/roles/kargo-admin").status_code == seen
        assert send(client, "post", f"{P}/roles", {}).status_code == changed
        assert send(client, "put", f"{P}/roles/kargo-viewer", {}).status_code == changed
        assert client.delete(f"{P}/roles/kargo-viewer").status_code == changed
        assert send(client, "post", f"{P}/roles/grants", details).status_code == changed
        assert send(client, "post", f"{P}/roles/revocations", details).status_code == changed
    assert bob.get("/v1beta1/system/roles").status_code == 403
    assert Client().get(f"{P}/roles").status_code == 401


def test_listing_roles_asks_the_database_as_often_for_many_as_for_few(
    alice: Client, project: Project, django_assert_max_num_queries: Any
) -> None:
    for index in range(12):
        rules = [{"resources": ["stages"], "verbs": ["get"]}]
        send(alice, "post", f"{P}/roles", body(f"role-{index}", rules=rules))

    with django_assert_max_num_queries(14):
        assert len(alice.get(f"{P}/roles").json()) == 15


def test_whoever_creates_a_project_is_claimed_to_its_roles(db: None) -> None:
    tenant = make_tenant()
    make_system_roles(tenant_uid=tenant.uid, now=NOON)
    dora = make_person("dora")
    grant(dora, "kargo-project-creator", tenant=tenant)
    text = "apiVersion: kargo.akuity.io/v1alpha1\nkind: Project\nmetadata: {name: fresh}\n"

    created = client_for(dora).post("/v1beta1/resources", data=text, content_type="text/plain")
    roles = client_for(dora).get("/v1beta1/projects/fresh/roles").json()

    assert created.status_code == 201
    names = ("kargo-admin", "kargo-promoter", "kargo-viewer")
    claims = [{"name": "email", "values": ["dora@example.com"]}]
    assert [(it["metadata"]["name"], it["claims"]) for it in roles] == [
        (name, claims) for name in names
    ]


def test_the_platform_and_programs_are_claimed_to_nothing(scene: Scene) -> None:
    make_project_roles(
        tenant_uid=scene.project.tenant.uid,
        project_uid=scene.project.uid,
        namespace="demo",
        creator=controller("importer"),
        now=NOON,
    )

    assert {str(it.claims) for it in ServiceAccount.objects.all()} == {"{}"}


def test_a_role_made_again_has_none_of_the_old_members(alice: Client, project: Project) -> None:
    rules = [{"resources": ["stages"], "verbs": ["list"]}]
    send(alice, "post", f"{P}/roles", body(rules=rules))
    dora = member("dora", "deployer", project)
    assert client_for(dora).get(f"{P}/stages").status_code == 200

    alice.delete(f"{P}/roles/deployer")
    send(alice, "post", f"{P}/roles", body(rules=rules))

    assert client_for(dora).get(f"{P}/stages").status_code == 404
