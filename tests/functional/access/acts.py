"""What can be done through more than one door, and through which."""

from collections.abc import Callable, Mapping

from projects.models import ControlPlane, ProjectConfig, Tenant
from promotions.manifests.yaml_text import write_yaml
from promotions.models import Freight, Promotion, PromotionRequest, Stage, Warehouse
from tests.factories.domain import NOON, make_promotion
from tests.functional.access.grounds import World
from tests.functional.access.knocking import Door, in_admin, manifest, page, rest

ANSWER = "/promotions/$asking/steps/ask/responses"


def stage_pk(name: str) -> Callable[[World], int]:
    """Return what finds the key of a Stage, as forms of the admin say it."""
    return lambda world: Stage.objects.get(project=world.grounds.project, name=name).pk


_REQUEST = "/promotion-requests/test.request"
_APPROVALS = "/promotions/test.waiting/approvals"
_PLANE = "/api/v1/tenants/acme/control-planes/$plane"
_PLANE_SPEC = {"kind": "rest", "address": "https://argocd.example.com", "shard": "other"}
_CONFIG_MAP = {"name": "new", "data": {"a": "b"}}


def suspended(world: World) -> None:
    """Suspend the tenant."""
    Tenant.objects.filter(pk=world.grounds.tenant.pk).update(suspended_at=NOON)


def switched_off(world: World) -> None:
    """Switch the control plane off."""
    ControlPlane.objects.filter(tenant=world.grounds.tenant).update(is_enabled=False)


def requested(world: World) -> None:
    """Make a promotion request that waits."""
    stage = Stage.objects.get(project=world.grounds.project, name="test")
    freight = Freight.objects.get(name=world.grounds.names["freight"])
    PromotionRequest.objects.create(
        project=stage.project, stage=stage, freight=freight, name="test.request"
    )


def waiting_for_approval(world: World) -> None:
    """Make a promotion and a request that wait, to Stages that need approval."""
    requested(world)
    request = PromotionRequest.objects.get(name="test.request")
    waiting = make_promotion(request.stage, request.freight, actor="somebody")
    Promotion.objects.filter(pk=waiting.pk).update(name="test.waiting")
    config = ProjectConfig.objects.get(project=world.grounds.project)
    config.spec = {**config.spec, "approvalPolicies": [{"minApprovals": 2}]}
    config.save(update_fields=["spec"])


BEFORE: Mapping[str, Callable[[World], None]] = {
    "approve a promotion": waiting_for_approval,
    "approve a promotion request": waiting_for_approval,
    "abort a promotion request": requested,
    "retry a promotion request": requested,
    "enable a control plane": switched_off,
    "resume the tenant": suspended,
}
"""What has to be so for an act to change anything."""

OPERATORS = frozenset({"suspend the tenant", "resume the tenant", "delete the tenant"})
"""Acts that are for operators alone: the API tells others so whatever they name, and the admin
shows them no tenants but their own."""


ACTS: Mapping[str, Mapping[str, Door]] = {
    "promote": {
        "REST": rest("post", "/stages/$stage/promotions", {"freight": "$freight"}),
        "manifest": manifest(
            "post", "Promotion", "by-hand", spec={"stage": "$stage", "freight": "$freight"}
        ),
        "apply": manifest(
            "put", "Promotion", "by-hand", spec={"stage": "$stage", "freight": "$freight"}
        ),
        "portal": page("/projects/demo/stages/$stage/promotions", freight="$freight"),
        "admin": in_admin(Freight, "promote", "$freight", stage=stage_pk("test")),
    },
    "preview": {
        "REST": rest("post", "/stages/$stage/promotions?dryRun=All", {"freight": "$freight"}),
        "portal": page("/projects/demo/stages/$stage/previews", freight="$freight"),
    },
    "promote what is not available": {
        "REST": rest("post", "/stages/prod/promotions", {"freight": "$freight"}),
        "manifest": manifest(
            "post", "Promotion", "by-hand", spec={"stage": "prod", "freight": "$freight"}
        ),
        "portal": page("/projects/demo/stages/prod/promotions", freight="$freight"),
        "admin": in_admin(Freight, "promote", "$freight", stage=stage_pk("prod")),
    },
    "approve": {
        "REST": rest("post", "/freight/$freight/approve?stage=prod"),
        "portal": page("/projects/demo/freight/$freight/approve", stage="prod"),
    },
    "abort": {
        "REST": rest("post", "/promotions/$promotion/abort"),
        "portal": page("/projects/demo/promotions/$promotion/abort"),
        "admin": in_admin(Promotion, "abort", "$promotion"),
    },
    "abort a promotion request": {
        "API": rest("post", f"{_REQUEST}/abort", base="/t/acme/api/v1/projects/demo"),
        "portal": page(f"/projects/demo{_REQUEST}/abort"),
        "admin": in_admin(PromotionRequest, "abort", "test.request"),
    },
    "retry a promotion request": {
        "API": rest("post", f"{_REQUEST}/retry", base="/t/acme/api/v1/projects/demo"),
        "portal": page(f"/projects/demo{_REQUEST}/retry"),
    },
    "answer what a step asks": {
        "API": rest("post", ANSWER, {"action": "approve"}, base="/t/acme/api/v1/projects/demo"),
        "portal": page(f"/projects/demo{ANSWER}", action="approve"),
    },
    "approve a promotion": {
        "API": rest("post", _APPROVALS, {"action": "approve"}, base="/t/acme/api/v1/projects/demo"),
        "portal": page(f"/projects/demo{_APPROVALS}", action="approve"),
    },
    "approve a promotion request": {
        "API": rest(
            "post",
            f"{_REQUEST}/approvals",
            {"action": "approve"},
            base="/t/acme/api/v1/projects/demo",
        ),
        "portal": page(f"/projects/demo{_REQUEST}/approvals", action="approve"),
    },
    "refresh a stage": {
        "REST": rest("post", "/stages/$stage/refresh"),
        "portal": page("/projects/demo/stages/$stage/refresh"),
    },
    "refresh a warehouse": {
        "REST": rest("post", "/warehouses/$warehouse/refresh"),
        "portal": page("/projects/demo/warehouses/$warehouse/refresh"),
        "admin": in_admin(Warehouse, "refresh", "$warehouse"),
    },
    "delete a warehouse": {
        "REST": rest("delete", "/warehouses/$warehouse"),
        "manifest": manifest("delete", "Warehouse", "$warehouse"),
    },
    "delete the configuration": {
        "REST": rest("delete", "/config"),
        "manifest": manifest("delete", "ProjectConfig", "demo"),
    },
    "delete an analysis template": {
        "REST": rest("delete", "/analysis-templates/$template"),
        "manifest": manifest(
            "delete", "AnalysisTemplate", "$template", group="argoproj.io/v1alpha1"
        ),
    },
    "delete a config map": {
        "REST": rest("delete", "/configmaps/$name"),
        "manifest": manifest("delete", "ConfigMap", "$name", group="v1"),
    },
    "delete a secret": {
        "REST": rest("delete", "/generic-credentials/slack"),
        "manifest": manifest("delete", "Secret", "slack", group="v1"),
    },
    "delete a stage": {
        "REST": rest("delete", "/stages/through"),
        "manifest": manifest("delete", "Stage", "through"),
    },
    "delete freight that is in use": {
        "REST": rest("delete", "/freight/$held"),
        "manifest": manifest("delete", "Freight", "$held"),
    },
    "delete the project": {
        "REST": rest("delete", ""),
        "manifest": manifest("delete", "Project", "demo"),
    },
    "write a config map": {
        "REST": rest("post", "/configmaps", _CONFIG_MAP),
        "manifest": manifest("post", "ConfigMap", "new", group="v1", data={"a": "b"}),
        "apply": manifest("put", "ConfigMap", "new", group="v1", data={"a": "b"}),
    },
    "write a secret": {
        "REST": rest("post", "/generic-credentials", _CONFIG_MAP),
        "manifest": manifest("post", "Secret", "new", group="v1", stringData={"a": "b"}),
        "apply": manifest("put", "Secret", "new", group="v1", stringData={"a": "b"}),
    },
    "make a role": {
        "REST": rest("post", "/roles", {"metadata": {"name": "new"}, "rules": []}),
        "manifest": manifest("post", "ServiceAccount", "new", group="v1"),
    },
    "give somebody a role": {
        "REST": rest(
            "post",
            "/projects/demo/members",
            {"username": "bob", "role": "kargo-promoter"},
            base="/t/acme/api/v1",
        ),
        "portal": page("/projects/demo/members/grant", username="bob", role="kargo-promoter"),
    },
    "give somebody a role of which nobody has heard": {
        "REST": rest(
            "post",
            "/projects/demo/members",
            {"username": "bob", "role": "nothing"},
            base="/t/acme/api/v1",
        ),
        "portal": page("/projects/demo/members/grant", username="bob", role="nothing"),
    },
    "take a role away": {
        "API": rest(
            "delete", "/projects/demo/members/bob/roles/kargo-viewer", base="/t/acme/api/v1"
        ),
        "portal": page("/projects/demo/members/revoke", username="bob", role="kargo-viewer"),
    },
    "give somebody a role in the tenant": {
        "API": rest(
            "post",
            "/members",
            {"username": "bob", "role": "kargo-viewer"},
            base="/t/acme/api/v1",
        ),
        "portal": page("/members/grant", username="bob", role="kargo-viewer"),
    },
    "take a role in the tenant away": {
        "API": rest("delete", "/members/tara/roles/tenant-admin", base="/t/acme/api/v1"),
        "portal": page("/members/revoke", username="tara", role="tenant-admin"),
    },
    "register a control plane": {
        "API": rest(
            "post",
            "/control-planes",
            {"name": "new", "credential": {"token": "secret"}, **_PLANE_SPEC},
            base="/api/v1/tenants/acme",
        ),
        "portal": page(
            "/control-planes/new", name="new", spec=write_yaml([_PLANE_SPEC]), token="secret"
        ),
    },
    "edit a control plane": {
        "API": rest("patch", "", _PLANE_SPEC, base=_PLANE),
        "portal": page("/control-planes/$plane/edit", spec=write_yaml([_PLANE_SPEC])),
    },
    "rotate a control plane's credential": {
        "API": rest("post", "/rotate", {"credential": {"token": "next"}}, base=_PLANE),
        "portal": page("/control-planes/$plane/rotate", token="next"),
    },
    "check a control plane": {
        "API": rest("post", "/check", base=_PLANE),
        "portal": page("/control-planes/$plane/check"),
        "admin": in_admin(ControlPlane, "check_planes", "$plane"),
    },
    "enable a control plane": {
        "API": rest("post", "/enable", base=_PLANE),
        "portal": page("/control-planes/$plane/enable"),
        "admin": in_admin(ControlPlane, "enable_planes", "$plane"),
    },
    "disable a control plane": {
        "API": rest("post", "/disable", base=_PLANE),
        "portal": page("/control-planes/$plane/disable"),
        "admin": in_admin(ControlPlane, "disable_planes", "$plane"),
    },
    "suspend the tenant": {
        "API": rest("post", "/tenants/acme/suspend", {"reason": "late"}, base="/api/v1"),
        "admin": in_admin(Tenant, "suspend", "acme"),
    },
    "resume the tenant": {
        "API": rest("post", "/tenants/acme/resume", {}, base="/api/v1"),
        "admin": in_admin(Tenant, "resume", "acme"),
    },
    "delete the tenant": {
        "API": rest("delete", "/tenants/acme", {"confirmation": "acme"}, base="/api/v1"),
        "admin": in_admin(Tenant, "delete_for_good", "acme", confirmation=lambda _: "acme"),
    },
}
