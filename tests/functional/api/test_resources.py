"""Manifests over the API: created, replaced, refused, one by one."""

from typing import Any

import pytest
from django.test import Client

from promotions.models import Stage
from rbac.defaults import PROJECT_CREATOR, TENANT_ADMIN
from rbac.models import User
from tests.factories.domain import make_tenant
from tests.factories.people import grant
from tests.functional.api.conftest import Scene

PATH = "/v1beta1/resources"

PROJECT = """
apiVersion: kargo.akuity.io/v1alpha1
kind: Project
metadata:
  name: fresh
"""
WAREHOUSE = """
apiVersion: kargo.akuity.io/v1alpha1
kind: Warehouse
metadata:
  name: charts
  namespace: {project}
spec:
  subscriptions:
  - git:
      repoURL: https://git.example.com/team/charts.git
"""
SECRET = """
apiVersion: v1
kind: Secret
metadata:
  name: git
  namespace: demo
  labels: {kargo.akuity.io/cred-type: git}
stringData:
  repoURL: https://git.example.com/team/charts.git
  username: robot
  password: do-not-show-me
"""
PROMOTION = """
apiVersion: kargo.akuity.io/v1alpha1
kind: Promotion
metadata:
  namespace: demo
spec:
  stage: test
  freight: {freight}
"""


def post(client: Client, text: str) -> Any:
    return client.post(PATH, data=text, content_type="text/plain")


def put(client: Client, text: str, query: str = "") -> Any:
    return client.put(f"{PATH}{query}", data=text, content_type="text/plain")


def test_what_is_created_comes_back_whole(alice: Client, scene: Scene) -> None:
    response = post(alice, WAREHOUSE.format(project="demo"))

    (result,) = response.json()["results"]
    document = result["createdResourceManifest"]
    assert response.status_code == 201
    assert list(result) == ["createdResourceManifest"]
    assert document["kind"] == "Warehouse"
    assert document["metadata"]["uid"]
    assert int(document["metadata"]["resourceVersion"]) > 0


def test_creating_what_exists_is_a_conflict(alice: Client, scene: Scene) -> None:
    post(alice, WAREHOUSE.format(project="demo"))

    response = post(alice, WAREHOUSE.format(project="demo"))

    assert response.status_code == 409
    assert "already exists" in response.json()["error"]


def test_what_exists_is_a_conflict_before_anything_else_is_wrong(
    alice: Client, scene: Scene
) -> None:
    text = WAREHOUSE.format(project="demo")
    post(alice, text)

    response = post(alice, text.replace("subscriptions", "nothing"))

    assert response.status_code == 409
    assert "already exists" in response.json()["error"]


def test_replacing_what_is_missing_needs_upsert(alice: Client, scene: Scene) -> None:
    refused = put(alice, WAREHOUSE.format(project="demo"))
    created = put(alice, WAREHOUSE.format(project="demo"), "?upsert=true")
    replaced = put(alice, WAREHOUSE.format(project="demo"))

    assert refused.status_code == 404
    assert "createdResourceManifest" in created.json()["results"][0]
    assert "updatedResourceManifest" in replaced.json()["results"][0]


def test_projects_come_first_and_their_contents_work_at_once(
    operator: Client, scene: Scene
) -> None:
    text = f"{WAREHOUSE.format(project='fresh')}---{PROJECT}"

    response = post(operator, text)

    kinds = [it["createdResourceManifest"]["kind"] for it in response.json()["results"]]
    assert (response.status_code, kinds) == (201, ["Project", "Warehouse"])


def test_one_bad_document_of_several_does_not_stop_the_others(alice: Client, scene: Scene) -> None:
    broken = WAREHOUSE.format(project="demo").replace("subscriptions", "subscription")

    response = put(alice, f"{broken}---{WAREHOUSE.format(project='demo')}", "?upsert=true")

    bad, good = response.json()["results"]
    assert response.status_code == 200
    assert list(bad) == ["error"]
    assert list(good) == ["createdResourceManifest"]


def test_a_single_bad_document_fails_the_request(alice: Client, scene: Scene) -> None:
    broken = WAREHOUSE.format(project="demo").replace("subscriptions", "subscription")

    assert post(alice, broken).status_code == 422


@pytest.mark.parametrize("text", ["", "---\n---\n", "null", "a: [", "just text"])
def test_a_body_without_manifests_is_a_bad_request(alice: Client, scene: Scene, text: str) -> None:
    assert post(alice, text).status_code == 400


def test_a_body_over_four_mebibytes_is_refused(alice: Client, scene: Scene) -> None:
    assert post(alice, "#" * (4 << 20) + "\n").status_code == 413


def test_rights_are_asked_for_by_document(
    alice: Client, bob: Client, charlie: Client, scene: Scene
) -> None:
    text = WAREHOUSE.format(project="demo")

    assert post(bob, text).status_code == 403
    assert post(charlie, text).status_code == 404
    assert post(charlie, text).json() == {"error": 'projects.kargo.akuity.io "demo" not found'}
    assert post(alice, PROJECT).status_code == 403
    assert post(charlie, PROJECT).status_code == 403


def test_a_tenants_admin_creates_and_replaces_projects(alice: Client, scene: Scene) -> None:
    grant(User.objects.get(username="alice"), TENANT_ADMIN, tenant=make_tenant())

    assert post(alice, PROJECT).status_code == 201
    assert put(alice, PROJECT).status_code == 200


def test_who_may_create_projects_alone_may_apply_new_ones_alone(
    charlie: Client, scene: Scene
) -> None:
    grant(User.objects.get(username="charlie"), PROJECT_CREATOR, tenant=make_tenant())

    created = put(charlie, PROJECT, "?upsert=true")
    again = put(charlie, PROJECT.replace("name: fresh", "name: demo"), "?upsert=true")

    assert list(created.json()["results"][0]) == ["createdResourceManifest"]
    assert again.status_code == 403
    assert "update is not permitted" in again.json()["error"]


def test_a_secrets_values_do_not_come_back(alice: Client, scene: Scene) -> None:
    response = post(alice, SECRET)

    assert response.status_code == 201
    assert "do-not-show-me" not in response.content.decode()


def test_a_promotion_needs_the_right_to_promote(alice: Client, bob: Client, scene: Scene) -> None:
    text = PROMOTION.format(freight=scene.new.name)

    assert post(bob, text).status_code == 403
    created = post(alice, text)
    assert created.status_code == 201
    document = created.json()["results"][0]["createdResourceManifest"]
    create_actor = document["metadata"]["annotations"]["kargo.akuity.io/create-actor"]
    assert create_actor == "email:alice@example.com"


def test_a_namespace_is_not_guessed(alice: Client, scene: Scene) -> None:
    response = post(alice, WAREHOUSE.format(project="demo").replace("  namespace: demo\n", ""))

    assert response.status_code == 422
    assert Stage.objects.count() == 2
