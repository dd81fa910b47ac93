"""Tokens of roles over the API: made, shown once, used, listed, ended."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from common.clock import now
from projects.models import Project, Secret
from rbac.models import ApiToken, AuditEvent, ServiceAccount
from rbac.tokens import unverified_claims
from tests.factories.domain import make_project
from tests.factories.people import grant, make_person
from tests.functional.api.conftest import Scene, client_for
from tests.functional.api.role_scene import P, with_roles

S = "/v1beta1/system"
REDACTED = "*** REDACTED ***"
LAST_USED, EXPIRES = "kargo-platform/last-used-at", "kargo-platform/expires-at"


@pytest.fixture
def project(scene: Scene) -> Project:
    return with_roles(scene.project)


def make(client: Client, role: str, *, base: str = P, **body: Any) -> Any:
    path = f"{base}/roles/{role}/api-tokens"
    return client.post(path, data={"name": "ci", **body}, content_type="application/json")


def value_of(document: dict[str, Any]) -> str:
    return base64.b64decode(document["data"]["token"]).decode()


def program(document: dict[str, Any]) -> Client:
    return Client(headers={"Authorization": f"Bearer {value_of(document)}"})


def test_a_token_is_a_secret_of_its_role_and_acts_as_it(alice: Client, project: Project) -> None:
    response = make(alice, "kargo-viewer")

    document = response.json()
    metadata = document["metadata"]
    account = ServiceAccount.objects.get(name="kargo-viewer", project_uid=project.uid)
    assert response.status_code == 201
    assert (document["apiVersion"], document["kind"]) == ("v1", "Secret")
    assert document["type"] == "kubernetes.io/service-account-token"
    assert (metadata["name"], metadata["namespace"]) == ("ci", "demo")
    assert metadata["labels"] == {"rbac.kargo.akuity.io/api-token": "true"}
    assert metadata["annotations"] == {
        "kubernetes.io/service-account.name": "kargo-viewer",
        "rbac.kargo.akuity.io/managed": "true",
    }
    assert metadata["ownerReferences"][0]["uid"] == str(account.uid)
    assert value_of(document).startswith("ey")
    claims = unverified_claims(value_of(document))
    assert claims["sub"] == "system:serviceaccount:demo:kargo-viewer"
    assert "exp" not in claims
    assert program(document).get(f"{P}/stages").status_code == 200
    assert program(document).get(f"{P}/roles").status_code == 200
    assert make(program(document), "kargo-viewer", name="more").status_code == 403


def test_the_value_is_shown_once(alice: Client, project: Project) -> None:
    plaintext = value_of(make(alice, "kargo-viewer").json())

    one = alice.get(f"{P}/api-tokens/ci")
    every = alice.get(f"{P}/api-tokens")

    assert every.json()["kind"] == "SecretList"
    (listed,) = every.json()["items"]
    assert one.json() == listed
    assert value_of(listed) == REDACTED
    for response in (one, every):
        assert plaintext not in response.content.decode()
    assert plaintext not in str(list(ApiToken.objects.values()))
    assert plaintext not in str(list(AuditEvent.objects.values()))


def test_tokens_are_listed_by_name_and_by_role(alice: Client, project: Project) -> None:
    for name, role in (("b", "kargo-viewer"), ("a", "kargo-admin"), ("c", "kargo-viewer")):
        make(alice, role, name=name)

    def names(query: str) -> list[str]:
        items = alice.get(f"{P}/api-tokens{query}").json()["items"]
        return [it["metadata"]["name"] for it in items]

    assert names("") == names("?role=") == ["a", "b", "c"]
    assert names("?role=kargo-viewer") == ["b", "c"]
    assert names("?role=kargo-promoter") == []
    assert alice.get(f"{P}/api-tokens?role=nobody").status_code == 404


def test_a_deleted_token_stops_at_once_and_frees_its_name(alice: Client, project: Project) -> None:
    ci = program(make(alice, "kargo-viewer").json())
    assert ci.get(f"{P}/stages").status_code == 200

    deleted = alice.delete(f"{P}/api-tokens/ci")

    assert (deleted.status_code, deleted.content) == (204, b"")
    assert ci.get(f"{P}/stages").status_code == 401
    assert alice.get(f"{P}/api-tokens/ci").status_code == 404
    assert alice.delete(f"{P}/api-tokens/ci").status_code == 404
    assert make(alice, "kargo-viewer").status_code == 201
    assert ci.get(f"{P}/stages").status_code == 401
    assert AuditEvent.objects.filter(action="token.revoke").count() == 1


def test_a_token_ends_with_its_role(alice: Client, project: Project) -> None:
    rules = [{"resources": ["stages"], "verbs": ["list"]}]
    alice.post(
        f"{P}/roles",
        data={"metadata": {"name": "lister"}, "rules": rules},
        content_type="application/json",
    )
    ci = program(make(alice, "lister").json())
    assert ci.get(f"{P}/stages").status_code == 200

    alice.delete(f"{P}/roles/lister")

    assert ci.get(f"{P}/stages").status_code == 401


def test_a_token_has_exactly_what_its_role_has_at_the_moment(
    alice: Client, project: Project
) -> None:
    document: dict[str, Any] = {"metadata": {"name": "lister"}, "rules": []}
    alice.post(f"{P}/roles", data=document, content_type="application/json")
    ci = program(make(alice, "lister").json())
    assert ci.get(f"{P}/stages").status_code == 403

    document["rules"] = [{"resources": ["stages"], "verbs": ["list"]}]
    alice.put(f"{P}/roles/lister", data=document, content_type="application/json")

    assert ci.get(f"{P}/stages").status_code == 200
    assert ci.get(f"{P}/warehouses").status_code == 403


def test_when_a_token_was_used_last_is_told(alice: Client, project: Project) -> None:
    ci = program(make(alice, "kargo-viewer").json())
    assert LAST_USED not in alice.get(f"{P}/api-tokens/ci").json()["metadata"]["annotations"]

    ci.get(f"{P}/stages")

    used = alice.get(f"{P}/api-tokens/ci").json()["metadata"]["annotations"][LAST_USED]
    assert used.startswith(str(now().year))


def test_a_token_may_end_by_itself(alice: Client, project: Project) -> None:
    until = (now() + timedelta(days=1)).replace(microsecond=0)
    by_date = make(alice, "kargo-viewer", name="a", expiresAt=until.isoformat()).json()
    by_age = make(alice, "kargo-viewer", name="b", expirationSeconds=3600).json()

    assert unverified_claims(value_of(by_date))["exp"] == int(until.timestamp())
    shown = by_date["metadata"]["annotations"][EXPIRES]
    assert shown == until.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert program(by_age).get(f"{P}/stages").status_code == 200
    ApiToken.objects.filter(name="b").update(expires_at=now())
    assert program(by_age).get(f"{P}/stages").status_code == 401


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"name": ""}, "name is required"),
        ({"name": 5}, "must be a string"),
        ({"expiresAt": "soon"}, "must be a time"),
        ({"expiresAt": "2030-01-01T00:00:00"}, "time zone"),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, "in the future"),
        ({"expiresAt": "9999-12-31T23:59:59-23:59"}, "within 3650 days"),
        ({"expirationSeconds": "60"}, "whole number"),
        ({"expirationSeconds": True}, "whole number"),
        ({"expirationSeconds": -5}, "in the future"),
        ({"expirationSeconds": 10**15}, "within 3650 days"),
        ({"expirationSeconds": 60, "expiresAt": "2030-01-01T00:00:00Z"}, "only one of"),
    ],
)
def test_tokens_that_make_no_sense_are_refused(
    alice: Client, project: Project, body: dict[str, Any], words: str
) -> None:
    response = make(alice, "kargo-viewer", **body)

    assert (response.status_code, words in response.json()["error"]) == (400, True), response.json()
    assert not ApiToken.objects.filter(service_account__isnull=False).exists()


def test_a_token_needs_a_free_name_and_a_role(alice: Client, project: Project) -> None:
    make(alice, "kargo-viewer")
    Secret.objects.create(
        tenant=project.tenant, project=project, namespace="demo", name="git", encrypted=""
    )

    assert make(alice, "kargo-admin").status_code == 409
    assert make(alice, "kargo-viewer", name="git").status_code == 409
    assert "already exists" in make(alice, "kargo-viewer").json()["error"]
    assert make(alice, "nobody", name="x").status_code == 404
    assert make(alice, "kargo-viewer", name="Not A Name").status_code == 422


def test_a_secret_that_is_no_token_is_left_alone(alice: Client, project: Project) -> None:
    Secret.objects.create(
        tenant=project.tenant, project=project, namespace="demo", name="git", encrypted=""
    )

    assert alice.get(f"{P}/api-tokens/git").status_code == 400
    assert alice.delete(f"{P}/api-tokens/git").status_code == 409
    assert Secret.objects.filter(name="git").exists()
    assert alice.get(f"{P}/api-tokens").json()["items"] == []


def test_tokens_are_for_those_who_may_have_secrets(
    bob: Client, charlie: Client, alice: Client, project: Project
) -> None:
    make(alice, "kargo-viewer")

    for client, status in ((bob, 403), (charlie, 404), (Client(), 401)):
        assert make(client, "kargo-viewer", name="mine").status_code == status
        assert client.get(f"{P}/api-tokens").status_code == status
        assert client.get(f"{P}/api-tokens/ci").status_code == status
        assert client.delete(f"{P}/api-tokens/ci").status_code == status


def test_system_roles_have_tokens_that_reach_the_whole_tenant(
    operator: Client, alice: Client, project: Project
) -> None:
    made = make(operator, "kargo-viewer", base=S)
    viewer = program(made.json())

    assert made.status_code == 201
    assert made.json()["metadata"]["namespace"] == "kargo"
    assert viewer.get(f"{P}/stages").status_code == 200
    assert viewer.get("/v1beta1/projects").status_code == 200
    assert viewer.get(f"{P}/api-tokens").status_code == 403
    assert make(alice, "kargo-viewer", base=S, name="x").status_code == 403
    assert alice.get(f"{S}/api-tokens").status_code == 403
    (listed,) = operator.get(f"{S}/api-tokens?role=kargo-viewer").json()["items"]
    assert value_of(listed) == REDACTED
    assert operator.get(f"{S}/api-tokens/ci").json() == listed
    assert operator.delete(f"{S}/api-tokens/ci").status_code == 204
    assert viewer.get(f"{P}/stages").status_code == 401


def test_only_system_roles_have_system_tokens(operator: Client, project: Project) -> None:
    ServiceAccount.objects.create(
        tenant_uid=project.tenant.uid, namespace="kargo", name="controller"
    )

    refused = make(operator, "controller", base=S)

    assert refused.status_code == 400
    assert "not labeled as a system-level Kargo role" in refused.json()["error"]
    assert make(operator, "nobody", base=S).status_code == 404
    assert make(operator, "deployer", base=S).status_code == 404


def test_a_token_does_not_reach_another_project(alice: Client, project: Project) -> None:
    with_roles(make_project("other", tenant=project.tenant))
    ci = program(make(alice, "kargo-admin").json())

    assert ci.get(f"{P}/stages").status_code == 200
    assert ci.get("/v1beta1/projects/other/stages").status_code == 403
    assert ci.get("/v1beta1/projects/other/api-tokens").status_code == 403


def test_nobody_takes_a_token_of_a_role_that_may_more_than_they(
    alice: Client, project: Project
) -> None:
    rules = [
        {"resources": ["secrets"], "verbs": ["*"]},
        {"resources": ["stages"], "verbs": ["list"]},
    ]
    for name, given in (("keeper", rules), ("lister", rules[1:])):
        alice.post(
            f"{P}/roles",
            data={"metadata": {"name": name}, "rules": given},
            content_type="application/json",
        )
    dora = make_person("dora")
    grant(dora, "keeper", tenant=project.tenant, project=project)
    keeper = client_for(dora)

    refused = make(keeper, "kargo-admin")

    assert refused.status_code == 403
    assert "may not grant permissions it does not hold" in refused.json()["error"]
    assert make(keeper, "lister").status_code == 201
    assert make(keeper, "keeper", name="own").status_code == 201
