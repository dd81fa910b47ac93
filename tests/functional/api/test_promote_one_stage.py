"""The right to promote to one Stage and no other, through every door that promotes."""

import base64
from typing import Any

import pytest
import yaml
from django.test import Client

from projects.models import Project
from promotions.models import Promotion
from rbac.actors import operator_at_console
from rbac.authorizer import Scope
from rbac.rules import Rule
from rbac.services.role_permissions import Permission, revoke_permission
from rbac.services.roles import RoleDraft, create_role
from tests.factories.domain import NOON, make_stage, make_standing
from tests.functional.api.conftest import Scene, client_for
from tests.functional.api.role_scene import P, member, with_roles

ROOT = operator_at_console("tests")
RULES = (
    Rule((), ("stages", "freights", "promotions"), ("get", "list")),
    Rule((), ("stages",), ("promote",), ("uat",)),
    Rule((), ("promotions",), ("create",)),
    Rule((), ("freights/status",), ("patch",)),
)


@pytest.fixture
def project(scene: Scene) -> Project:
    """Have two Stages, ``uat`` and ``qa``, take Freight from ``test`` and from the Warehouse."""
    project = scene.project
    scene.prod.delete()
    for name in ("uat", "qa"):
        make_stage(project, name, upstream=("test",))
    make_standing(scene.test, scene.new, verified_at=NOON)
    with_roles(project)
    create_role(where(project), RoleDraft("uat-promoter", RULES), actor=ROOT, now=NOON)
    return project


def where(project: Project) -> Scope:
    return Scope(project.tenant.uid, project.uid, "demo")


@pytest.fixture
def peter(project: Project) -> Client:
    return client_for(member("peter", "uat-promoter", project))


def promote(client: Client, stage: str, scene: Scene) -> Any:
    body = {"freight": scene.new.name}
    path = f"{P}/stages/{stage}/promotions"
    return client.post(path, data=body, content_type="application/json")


def manifest(stage: str, scene: Scene) -> str:
    metadata = {"namespace": "demo", "name": "any"}
    spec = {"stage": stage, "freight": scene.new.name}
    document = {"apiVersion": "kargo.akuity.io/v1alpha1", "kind": "Promotion"}
    return yaml.safe_dump({**document, "metadata": metadata, "spec": spec})


def test_promoting_needs_the_verb_on_that_stage(peter: Client, scene: Scene) -> None:
    allowed, refused = promote(peter, "uat", scene), promote(peter, "qa", scene)

    assert allowed.status_code == 201
    assert refused.status_code == 403
    assert refused.json()["error"] == (
        'stages.kargo.akuity.io "qa" is forbidden: promote is not permitted'
    )
    assert promote(peter, "nowhere", scene).status_code == 404


def test_promoting_downstream_needs_the_verb_on_every_stage_there(
    peter: Client, project: Project, scene: Scene
) -> None:
    def downstream() -> Any:
        path = f"{P}/stages/test/promotions/downstream"
        body = {"freight": scene.new.name}
        return peter.post(path, data=body, content_type="application/json")

    refused = downstream()
    before = Promotion.objects.filter(stage__name__in=["uat", "qa"]).count()
    scene.project.stages.filter(name="qa").delete()
    allowed = downstream()

    assert (refused.status_code, before) == (403, 0)
    assert '"qa" is forbidden: promote' in refused.json()["error"]
    assert allowed.status_code == 201
    assert [it["spec"]["stage"] for it in allowed.json()["promotions"]] == ["uat"]


def test_approving_needs_the_verb_on_the_stage_that_it_opens(peter: Client, scene: Scene) -> None:
    path = f"{P}/freight/{scene.old.name}/approve"

    assert peter.post(f"{path}?stage=uat").status_code == 200
    refused = peter.post(f"{path}?stage=qa")
    assert (refused.status_code, "promote is not permitted" in refused.json()["error"]) == (
        403,
        True,
    )


def test_a_promotions_manifest_needs_the_verb_on_its_stage(peter: Client, scene: Scene) -> None:
    def act(method: str, stage: str) -> int:
        send = getattr(peter, method)
        text = manifest(stage, scene)
        response = send("/v1beta1/resources", data=text, content_type="text/plain")
        return int(response.status_code)

    assert act("post", "uat") == 201
    assert act("post", "qa") == 403
    assert act("put", "qa") == 403


def test_without_the_right_to_create_promotions_no_door_promotes(
    peter: Client, project: Project, scene: Scene
) -> None:
    create = Permission("promotions", ("create",))
    revoke_permission(where(project), "uat-promoter", create, actor=ROOT, now=NOON)

    by_rest = promote(peter, "uat", scene)
    by_manifest = peter.post(
        "/v1beta1/resources", data=manifest("uat", scene), content_type="text/plain"
    )

    assert by_rest.json() == {
        "error": "promotions.kargo.akuity.io is forbidden: create is not permitted"
    }
    assert (by_rest.status_code, by_manifest.status_code) == (403, 403)


def test_a_token_of_the_role_promotes_as_the_role_may(
    alice: Client, project: Project, scene: Scene
) -> None:
    made = alice.post(
        f"{P}/roles/uat-promoter/api-tokens",
        data={"name": "ci"},
        content_type="application/json",
    )
    assert made.status_code == 201
    plaintext = _plain(made.json()["data"]["token"])
    ci = Client(headers={"Authorization": f"Bearer {plaintext}"})

    allowed = promote(ci, "uat", scene)

    assert allowed.status_code == 201
    actor = allowed.json()["metadata"]["annotations"]["kargo.akuity.io/create-actor"]
    assert actor == "kubernetes:system:serviceaccount:demo:uat-promoter"
    assert promote(ci, "qa", scene).status_code == 403


def _plain(encoded: str) -> str:
    return base64.b64decode(encoded).decode()
