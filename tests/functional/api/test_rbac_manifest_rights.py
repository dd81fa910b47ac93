"""Who may save which manifests of access objects, and what comes of it elsewhere."""

import pytest
import yaml
from django.test import Client

from projects.models import Project
from rbac.models import Role, RoleBindingSubject, ServiceAccount
from rbac.services import make_system_roles
from tests.factories.domain import NOON, make_tenant
from tests.factories.people import grant, make_person
from tests.functional.api.access_documents import (
    ALL_STAGES,
    KARGO,
    PATH,
    WRITE_PROMOTIONS,
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


def test_rights_are_asked_for_kind_by_kind(
    bob: Client, charlie: Client, alice: Client, project: Project
) -> None:
    for document in (account(), role(), binding()):
        assert put(bob, document).status_code == 403
        assert put(charlie, document).status_code == 404
        assert drop(bob, document).status_code == 403
    for document in (
        role(namespace=""),
        binding(to="ClusterRole/kargo-user", namespace=""),
        account(namespace="kargo"),
        role(namespace="kargo-shared-resources"),
    ):
        assert put(alice, document).status_code == 403


def test_nobody_writes_rules_that_they_do_not_hold(alice: Client, project: Project) -> None:
    for rules in (
        [WRITE_PROMOTIONS],
        [ALL_STAGES, {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}],
        [{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"]}],
    ):
        response = put(alice, role("wide", *rules))
        assert response.status_code == 403
        assert "may not grant permissions it does not hold" in response.json()["error"]
    assert not Role.objects.exists()


def test_nobody_binds_what_they_do_not_hold(
    alice: Client, operator: Client, project: Project
) -> None:
    put(operator, role("wide", WRITE_PROMOTIONS), role("wide", WRITE_PROMOTIONS, namespace=""))

    assert put(alice, binding("a", to="Role/wide")).status_code == 403
    assert put(alice, binding("b", to="ClusterRole/wide")).status_code == 403
    assert put(operator, binding("a", to="Role/wide")).status_code == 200
    assert put(alice, binding("a", to="Role/wide", subjects=("demo/x",))).status_code == 403
    assert RoleBindingSubject.objects.get().name == "robot"


def test_nobody_leads_people_to_more_than_they_hold(
    alice: Client, operator: Client, project: Project
) -> None:
    put(operator, account(), role("wide", WRITE_PROMOTIONS), binding("w", to="Role/wide"))

    refused = put(alice, account(claims='{"email":["alice@example.com"]}'))
    harmless = put(alice, account(note="hello"))

    assert refused.status_code == 403
    assert harmless.status_code == 200
    assert ServiceAccount.objects.get(name="robot").claims == {}


def test_the_claims_of_a_global_account_are_judged_in_every_namespace(
    operator: Client, project: Project
) -> None:
    tenant = make_tenant()
    put(operator, account(namespace="kargo"), account(namespace="kargo-shared-resources"))
    rules = {"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["create", "update"]}
    everything = {"apiGroups": [KARGO], "resources": ["warehouses"], "verbs": ["get"]}
    put(
        operator,
        role("keeper", rules, namespace="kargo"),
        role("keeper", rules, namespace="kargo-shared-resources"),
        *(
            binding("keepers", to="Role/keeper", subjects=("kargo/keeper",), namespace=namespace)
            for namespace in ("kargo", "kargo-shared-resources")
        ),
        account("keeper", namespace="kargo"),
        role("seer", everything),
        binding("seers", to="Role/seer", subjects=("kargo/robot", "kargo-shared-resources/robot")),
    )
    ServiceAccount.objects.filter(name="keeper").update(
        labels={"rbac.kargo.akuity.io/system-role": "true"}
    )
    dora = make_person("dora")
    grant(dora, "keeper", tenant=tenant)
    keeper = client_for(dora)
    claims = '{"groups":["a"]}'

    in_global = put(keeper, account(namespace="kargo", claims=claims))
    elsewhere = put(keeper, account(namespace="kargo-shared-resources", claims=claims))

    assert in_global.status_code == 403
    assert elsewhere.status_code == 200


def test_cluster_role_bindings_always_count_for_claims(
    alice: Client, operator: Client, project: Project
) -> None:
    put(
        operator,
        account(),
        role("all", ALL_STAGES, namespace=""),
        binding("all", to="ClusterRole/all", namespace=""),
    )

    refused = put(alice, account(claims='{"groups":["a"]}'))

    assert refused.status_code == 403, "alice holds it in her project, not everywhere"
    assert put(operator, account(claims='{"groups":["a"]}')).status_code == 200


def test_a_global_account_counts_in_the_projects_it_is_bound_in(
    operator: Client, project: Project
) -> None:
    put(
        operator,
        account(namespace="kargo", claims='{"email":["dora@example.com"]}'),
        role(),
        binding(subjects=("kargo/robot",)),
    )
    dora = client_for(make_person("dora"))

    assert dora.get(f"{P}/stages").status_code == 200
    assert dora.get(f"{P}/warehouses").status_code == 403
    assert operator.get("/v1beta1/system/roles/robot").status_code == 404


def test_a_projects_account_does_not_count_in_other_projects(
    operator: Client, project: Project
) -> None:
    other = "apiVersion: kargo.akuity.io/v1alpha1\nkind: Project\nmetadata: {name: other}\n"
    operator.post(PATH, data=other, content_type="text/plain")
    put(
        operator,
        account(namespace="other", claims='{"email":["dora@example.com"]}'),
        role(),
        binding(subjects=("other/robot",)),
    )

    assert client_for(make_person("dora")).get(f"{P}/stages").status_code == 403


def test_rules_too_many_to_judge_are_refused_at_once(alice: Client, project: Project) -> None:
    names = [f"n{it}" for it in range(300)]
    wide = {
        "apiGroups": names,
        "resources": names,
        "resourceNames": names,
        "verbs": names,
    }

    response = put(alice, role("wide", wide))

    assert (response.status_code, "no more than" in response.json()["error"]) == (422, True)


def test_the_creator_of_a_project_fills_it_in_the_same_request(db: None) -> None:
    tenant = make_tenant()
    make_system_roles(tenant_uid=tenant.uid, now=NOON)
    dora = make_person("dora")
    grant(dora, "kargo-project-creator", tenant=tenant)
    project = {"apiVersion": f"{KARGO}/v1alpha1", "kind": "Project", "metadata": {"name": "fresh"}}

    documents = (
        role(namespace="fresh"),
        project,
        account(namespace="fresh"),
        role("wide", WRITE_PROMOTIONS, namespace="fresh"),
        role(namespace=""),
    )
    text = yaml.safe_dump_all(documents)
    response = client_for(dora).post(PATH, data=text, content_type="text/plain")

    results = response.json()["results"]
    assert [next(iter(it)) for it in results] == [
        "createdResourceManifest",
        "createdResourceManifest",
        "createdResourceManifest",
        "error",
        "error",
    ]
