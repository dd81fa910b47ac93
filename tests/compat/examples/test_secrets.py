"""Expressions read every Secret of their project, as in Kargo, and the generic ones of all."""

import pytest

from common.jsontypes import JSONObject
from common.redaction import noting_secrets, redact
from promotions.selectors.control_plane import DatabaseControlPlane
from tests.functional.domain.world import World

pytestmark = pytest.mark.django_db

VALUES: JSONObject = {
    "repoURL": "https://git.example/harbour.git",
    "username": "pilot",
    "password": "not-a-word-of-this",
}


def keep(world: World, namespace: str, labels: JSONObject) -> None:
    metadata: JSONObject = {"name": "ledger", "namespace": namespace, "labels": labels}
    world.apply_content(
        {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": VALUES}
    )


def read(world: World, *, shared: bool) -> JSONObject:
    return DatabaseControlPlane().secret(
        tenant_uid=str(world.project.tenant.uid),
        project=world.project.name,
        name="ledger",
        shared=shared,
    )


@pytest.mark.parametrize("kind", ["git", "generic", ""])
def test_a_secret_of_the_project_is_read_whatever_its_type(world: World, kind: str) -> None:
    keep(world, "demo", {"kargo.akuity.io/cred-type": kind} if kind else {})

    assert read(world, shared=False) == VALUES


@pytest.mark.parametrize(("kind", "found"), [("git", {}), ("generic", VALUES)])
def test_of_the_shared_ones_only_generic_secrets_are_read(
    world: World, kind: str, found: JSONObject
) -> None:
    keep(world, "kargo-shared-resources", {"kargo.akuity.io/cred-type": kind})

    assert read(world, shared=True) == found


def test_a_credentials_password_is_masked_from_then_on_and_its_address_is_not(
    world: World,
) -> None:
    keep(world, "demo", {"kargo.akuity.io/cred-type": "git"})

    with noting_secrets():
        read(world, shared=False)
        said = redact("pilot of https://git.example/harbour.git, not-a-word-of-this")

    assert said == "pilot of https://git.example/harbour.git, ******"
