"""The table of rights, asked directly."""

from uuid import uuid4

import pytest

from common.errors import ForbiddenError
from rbac.actors import Actor, ActorKind, Grant, controller
from rbac.authorizer import Scope, first_not_held, is_allowed
from rbac.defaults import PROJECT_ROLES, SYSTEM_ROLES
from rbac.rules import EVERYTHING, Rule
from rbac.services import require

TENANT, OTHER_TENANT, PROJECT, OTHER_PROJECT = (uuid4() for _ in range(4))


def holder(role: str, **where: object) -> Actor:
    project = where.get("project")
    rules = (PROJECT_ROLES if project else SYSTEM_ROLES).get(role, ())
    grant = Grant(role, TENANT, project, rules=rules)  # type: ignore[arg-type] # a UUID or nothing
    return with_grants(grant)


def with_grants(*grants: Grant) -> Actor:
    return Actor(kind=ActorKind.USER, name="email:alice@example.com", grants=grants)


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
        ("kargo-promoter", "patch", "freights/status", "yes"),
        ("kargo-promoter", "patch", "freights", "no"),
        ("kargo-promoter", "get", "targets", "no"),
        ("kargo-promoter", "get", "promotiontasks", "no"),
        ("kargo-promoter", "patch", "promotions", "no"),
        ("kargo-promoter", "update", "stages", "no"),
        ("kargo-admin", "promote", "stages", "yes"),
        ("kargo-admin", "promote", "warehouses", "no"),
        ("kargo-admin", "update", "promotions", "no"),
        ("kargo-admin", "patch", "promotions", "yes"),
        ("kargo-admin", "create", "projects", "no"),
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


@pytest.mark.parametrize(
    ("role", "verb", "resource", "answer"),
    [
        ("kargo-admin", "create", "projects", "yes"),
        ("kargo-admin", "promote", "stages", "yes"),
        ("kargo-admin", "get", "secrets", "no"),
        ("kargo-admin", "get", "configmaps", "no"),
        ("kargo-viewer", "list", "promotions", "yes"),
        ("kargo-viewer", "get", "secrets", "no"),
        ("kargo-project-creator", "create", "projects", "yes"),
        ("kargo-project-creator", "list", "stages", "no"),
        ("kargo-user", "list", "projects", "yes"),
        ("kargo-user", "create", "projects", "no"),
        ("tenant-admin", "delete", "secrets", "yes"),
    ],
)
def test_system_roles_hold_what_kargos_do(role: str, verb: str, resource: str, answer: str) -> None:
    allowed = is_allowed(
        holder(role), verb=verb, resource=resource, tenant_uid=TENANT, project_uid=PROJECT
    )

    assert ("yes" if allowed else "no") == answer


def test_a_rule_with_names_covers_those_alone() -> None:
    rule = Rule(("kargo.akuity.io",), ("stages",), ("promote",), ("uat",))
    peter = with_grants(Grant("uat-promoter", TENANT, PROJECT, rules=(rule,)))

    answers = [
        is_allowed(
            peter,
            verb="promote",
            resource="stages",
            tenant_uid=TENANT,
            project_uid=PROJECT,
            name=name,
        )
        for name in ("uat", "prod", "")
    ]

    assert answers == [True, False, False]


def test_a_grant_in_a_namespace_of_the_tenant_reaches_that_alone() -> None:
    rule = Rule(("",), ("secrets",), ("get",))
    alice = with_grants(Grant("keeper", TENANT, namespace="kargo-shared-resources", rules=(rule,)))

    for where, answer in [
        ({"namespace": "kargo-shared-resources"}, True),
        ({"namespace": "kargo"}, False),
        ({}, False),
        ({"project_uid": PROJECT}, False),
    ]:
        allowed = is_allowed(alice, verb="get", resource="secrets", tenant_uid=TENANT, **where)  # type: ignore[arg-type] # as written above
        assert allowed is answer, where


@pytest.mark.parametrize(
    ("rule", "lacking"),
    [
        (Rule(("kargo.akuity.io",), ("stages",), ("get", "promote")), ""),
        (Rule(("kargo.akuity.io",), ("stages",), ("get",), ("prod",)), ""),
        (Rule(("",), ("secrets",), ("*",)), ""),
        (Rule(("kargo.akuity.io",), ("stages",), ("*",)), ""),
        (Rule(("kargo.akuity.io",), ("promotions",), ("*",)), "* promotions"),
        (Rule(("kargo.akuity.io",), ("promotions",), ("update",)), "update promotions"),
        (EVERYTHING, "* *"),
    ],
)
def test_nobody_gives_what_they_do_not_hold(rule: Rule, lacking: str) -> None:
    admin = holder("kargo-admin", project=PROJECT)

    assert first_not_held(admin, [rule], at=Scope(TENANT, PROJECT)) == lacking
    assert first_not_held(admin, [rule], at=Scope(TENANT, OTHER_PROJECT)) != ""


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
