"""Nobody reaches further than they hold: by namespaces, roles, claims, tokens or old tokens."""

import json
from typing import Any

import pytest
from django.test import Client

from common.clock import now
from projects.models import Project, Secret
from rbac.actors import operator_at_console
from rbac.authorizer import Scope
from rbac.models import Membership
from rbac.rules import Rule
from rbac.services.roles import RoleDraft, create_role
from tests.factories.people import PASSWORD, grant, make_operator, make_person
from tests.functional.api.conftest import client_for
from tests.functional.hostile_api.arena import Arena

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

T = "/t/acme/v1beta1"
P = f"{T}/projects/demo"
KARGO, RBAC = "kargo.akuity.io/v1alpha1", "rbac.authorization.k8s.io/v1"


def apply(client: Client, *documents: dict[str, Any], method: str = "put") -> Any:
    text = "\n---\n".join(map(json.dumps, documents))
    return client.generic(method.upper(), f"{T}/resources?upsert=true", text, "text/plain")


def post(client: Client, path: str, body: Any, method: str = "post") -> Any:
    return client.generic(method.upper(), path, json.dumps(body), "application/json")


def manifest(kind: str, name: str, namespace: str = "demo", **parts: Any) -> dict[str, Any]:
    version = "v1" if kind == "ServiceAccount" else RBAC
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    metadata |= parts.pop("metadata", {})
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **parts}


def claims(value: str) -> dict[str, Any]:
    return {"annotations": {"rbac.kargo.akuity.io/claims": value}}


@pytest.fixture
def keeper(arena: Arena) -> Client:
    """Somebody who may write all access objects and secrets of ``demo``, and nothing else."""
    where = Scope(arena.tenant.uid, arena.demo.uid, "demo")
    kinds = {"roles": "rbac.authorization.k8s.io", "rolebindings": "rbac.authorization.k8s.io"}
    kinds |= {"serviceaccounts": "", "secrets": ""}
    rules = tuple(Rule((group,), (kind,), ("*",)) for kind, group in kinds.items())
    create_role(where, RoleDraft("keeper", rules), actor=operator_at_console("t"), now=now())
    user = make_person("kate")
    grant(user, "keeper", tenant=arena.tenant, project=arena.demo)
    return client_for(user)


def test_a_namespace_that_was_renamed_is_no_way_into_the_systems_own(arena: Arena) -> None:
    creator = make_person("carl")
    grant(creator, "kargo-project-creator", tenant=arena.tenant)
    client = client_for(creator)
    project = {
        "apiVersion": KARGO,
        "kind": "Project",
        "metadata": {"name": "kargo-cluster-secrets"},
    }
    metadata = {"name": "slack", "namespace": "kargo-cluster-secrets"}
    metadata["labels"] = {"kargo.akuity.io/cred-type": "generic"}  # type: ignore[assignment] # JSON
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"a": "b"}}
    rows = Secret.objects.filter(tenant=arena.tenant, namespace="kargo-system-resources")
    before = list(rows.values_list("name", "revision"))

    for method in ("post", "put", "delete"):
        apply(client, project, secret, method=method)
        assert apply(client, secret, method=method).status_code == 403

    assert list(rows.values_list("name", "revision")) == before
    assert not Project.objects.filter(name="kargo-cluster-secrets").exists()


ROLE_ADMIN = {"kind": "Role", "name": "kargo-admin"}
ATTEMPTS: dict[str, dict[str, Any]] = {
    "rules": manifest(
        "Role",
        "r",
        rules=[{"apiGroups": [KARGO[:-9]], "resources": ["stages"], "verbs": ["promote"]}],
    ),
    "all rules": manifest(
        "Role", "r", rules=[{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]
    ),
    "a part of a kind": manifest(
        "Role", "r", rules=[{"apiGroups": ["*"], "resources": ["*/*"], "verbs": ["get"]}]
    ),
    "a binding": manifest("RoleBinding", "b", roleRef=ROLE_ADMIN, subjects=[]),
    "a binding of a cluster role": manifest(
        "RoleBinding", "b", roleRef={"kind": "ClusterRole", "name": "tenant-admin"}, subjects=[]
    ),
    "a cluster role": manifest("ClusterRole", "c", "", rules=[]),
    "a cluster role in a namespace": manifest("ClusterRole", "c", "demo", rules=[]),
    "a cluster binding": manifest(
        "ClusterRoleBinding", "c", "", roleRef={"kind": "ClusterRole", "name": "kargo-user"}
    ),
    "claims": manifest("ServiceAccount", "kargo-admin", metadata=claims('{"email":["k@x"]}')),
    "claims of the older form": manifest(
        "ServiceAccount",
        "kargo-admin",
        metadata={"annotations": {"rbac.kargo.akuity.io/claim.email": "k@x"}},
    ),
    "a global account": manifest("ServiceAccount", "g", "kargo", metadata=claims('{"a":["b"]}')),
    "an account of another project": manifest("ServiceAccount", "kargo-admin", "side"),
    "a binding in another project": manifest("RoleBinding", "b", "side", roleRef=ROLE_ADMIN),
}


@pytest.mark.parametrize("name", sorted(ATTEMPTS))
def test_who_writes_access_gives_no_more_than_they_hold(keeper: Client, name: str) -> None:
    answers = [apply(keeper, ATTEMPTS[name], method=method) for method in ("post", "put")]

    assert {it.status_code for it in answers} <= {403, 409}
    assert 403 in {it.status_code for it in answers}


def test_the_operations_on_roles_give_no_more_either(keeper: Client, arena: Arena) -> None:
    rules = [{"resources": ["stages"], "verbs": ["*"]}]
    promote = {"resourceType": "stages", "resourceName": "prod", "verbs": ["promote"]}
    people = {"claims": [{"name": "email", "values": ["kate@example.com"]}]}

    answers = [
        post(keeper, f"{P}/roles", {"metadata": {"name": "new"}, "rules": rules}),
        post(keeper, f"{P}/roles/keeper", {"metadata": {"name": "keeper"}, "rules": rules}, "put"),
        post(keeper, f"{P}/roles/grants", {"role": "keeper", "resourceDetails": promote}),
        post(keeper, f"{P}/roles/grants", {"role": "kargo-admin", "userClaims": people}),
        post(keeper, f"{P}/roles/kargo-admin/api-tokens", {"name": "mine"}),
        post(keeper, f"{T}/system/roles/kargo-admin/api-tokens", {"name": "mine"}),
        post(
            keeper,
            "/t/acme/api/v1/projects/demo/members",
            {"person": "kate", "role": "kargo-promoter"},
        ),
        post(keeper, "/t/acme/api/v1/members", {"person": "kate", "role": "tenant-admin"}),
        post(arena.admin, "/t/acme/api/v1/members", {"person": "kate", "role": "kargo-user"}),
    ]

    assert [it.status_code for it in answers] == [403] * len(answers)
    assert set(Membership.objects.filter(user__username="kate").values_list("role", flat=True)) == {
        "keeper"
    }


def test_an_account_that_waits_for_rights_takes_them_from_nobody(
    keeper: Client, arena: Arena
) -> None:
    """A binding names an account that is not there yet; whoever makes it must hold its rights."""
    ghost = [{"kind": "ServiceAccount", "name": "ghost"}]
    made = apply(arena.admin, manifest("RoleBinding", "b", roleRef=ROLE_ADMIN, subjects=ghost))
    assert made.status_code == 200

    with_claims = manifest("ServiceAccount", "ghost", metadata=claims('{"email":["k@x"]}'))
    assert apply(keeper, with_claims).status_code == 403
    assert apply(keeper, manifest("ServiceAccount", "ghost")).status_code == 200
    assert post(keeper, f"{P}/roles/ghost/api-tokens", {"name": "mine"}).status_code == 403


def test_the_admins_token_works_no_longer_than_the_password_that_it_was_given_for(
    arena: Arena, client: Client
) -> None:
    admin = make_operator("admin")
    token = client.post(f"{T}/login", headers={"authorization": f"Bearer {PASSWORD}"}).json()
    headers = {"authorization": f"Bearer {token['idToken']}"}
    assert client.get(f"{T}/projects", headers=headers).status_code == 200

    admin.set_password("x7-quiet-otter")
    admin.save()

    assert client.get(f"{T}/projects", headers=headers).status_code == 401
