"""The table of rights, asked directly."""

from uuid import uuid4

import pytest

from common.errors import ForbiddenError
from rbac.actors import Actor, ActorKind, Grant, controller
from rbac.authorizer import RULES, is_allowed
from rbac.services import require

TENANT, OTHER_TENANT, PROJECT, OTHER_PROJECT = (uuid4() for _ in range(4))


def holder(role: str, **where: object) -> Actor:
    grant = Grant(role, TENANT, where.get("project"))  # type: ignore[arg-type] # a UUID or nothing
    return Actor(kind=ActorKind.USER, name="email:alice@example.com", grants=(grant,))


def test_a_grant_in_a_project_reaches_that_project_alone() -> None:
    alice = holder("kargo-admin", project=PROJECT)

    assert is_allowed(
        alice, verb="delete", resource="stages", tenant_uid=TENANT, project_uid=PROJECT
    )
    for tenant, project in [
        (TENANT, OTHER_PROJECT),
        (TENANT, None),
        (OTHER_TENANT, PROJECT),
    ]:
        assert not is_allowed(
            alice, verb="get", resource="stages", tenant_uid=tenant, project_uid=project
        )


def test_a_grant_in_a_tenant_reaches_all_its_projects_and_itself() -> None:
    alice = holder("kargo-viewer")

    assert is_allowed(alice, verb="get", resource="stages", tenant_uid=TENANT, project_uid=PROJECT)
    assert is_allowed(alice, verb="list", resource="projects", tenant_uid=TENANT)
    assert not is_allowed(alice, verb="get", resource="stages", tenant_uid=OTHER_TENANT)


def test_a_tenants_token_narrows_even_an_operator() -> None:
    root = Actor(kind=ActorKind.TOKEN, name="admin", is_operator=True, tenant_uid=TENANT)

    assert is_allowed(root, verb="anything", resource="at all", tenant_uid=TENANT)
    assert not is_allowed(root, verb="get", resource="stages", tenant_uid=OTHER_TENANT)


@pytest.mark.parametrize(
    ("role", "verb", "resource", "answer"),
    [
        ("kargo-viewer", "get", "promotions", "yes"),
        ("kargo-viewer", "create", "promotions", "no"),
        ("kargo-viewer", "promote", "stages", "no"),
        ("kargo-viewer", "get", "secrets", "no"),
        ("kargo-promoter", "create", "promotions", "yes"),
        ("kargo-promoter", "promote", "stages", "yes"),
        ("kargo-promoter", "patch", "freights", "yes"),
        ("kargo-promoter", "patch", "promotions", "no"),
        ("kargo-promoter", "update", "stages", "no"),
        ("kargo-admin", "promote", "stages", "yes"),
        ("kargo-admin", "promote", "warehouses", "no"),
        ("kargo-admin", "delete", "secrets", "yes"),
        ("kargo-admin", "create", "clusterconfigs", "no"),
        ("made-up", "get", "stages", "no"),
    ],
)
def test_roles_hold_what_kargos_default_roles_hold(
    role: str, verb: str, resource: str, answer: str
) -> None:
    actor = holder(role, project=PROJECT)

    allowed = is_allowed(
        actor, verb=verb, resource=resource, tenant_uid=TENANT, project_uid=PROJECT
    )

    assert ("yes" if allowed else "no") == answer


def test_no_role_is_named_that_does_not_exist() -> None:
    assert set(RULES) == {"kargo-viewer", "kargo-promoter", "kargo-admin"}


def test_the_platform_itself_may_do_everything() -> None:
    actor = controller("stage-controller", shard="eu")

    assert actor.name == "controller:stage-controller-eu"
    assert is_allowed(actor, verb="promote", resource="stages", tenant_uid=TENANT)


@pytest.mark.parametrize(
    ("resource", "name", "message"),
    [
        ("stages", "prod", 'stages.kargo.akuity.io "prod" is forbidden: get is not permitted'),
        ("secrets", "", "secrets is forbidden: get is not permitted"),
        ("analysisruns", "", "analysisruns.argoproj.io is forbidden: get is not permitted"),
    ],
)
def test_a_refusal_says_what_was_refused(resource: str, name: str, message: str) -> None:
    nobody = Actor(kind=ActorKind.USER, name="subject:nobody")

    with pytest.raises(ForbiddenError) as raised:
        require(nobody, verb="get", resource=resource, tenant_uid=TENANT, name=name)

    assert raised.value.message == message
