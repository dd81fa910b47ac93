"""One call of every operation of Kargo's REST API, against the tenant of ``tests.factories.rich``.

``{spare}``, ``{held}``, ``{waiting}`` and ``{succeeded}`` stand for names of that tenant.
"""

import json
from dataclasses import dataclass
from typing import Any

from tests.factories.rich_manifests import document

P, S, H = "/v1beta1/projects/demo", "/v1beta1/system", "/v1beta1/shared"


@dataclass(frozen=True, slots=True)
class Call:
    """A request, what comes before it, and the status that answers it."""

    method: str
    address: str
    status: int = 200
    body: Any = None
    is_empty: bool = False
    before: tuple["Call", ...] = ()

    @property
    def payload(self) -> bytes:
        """The body as it is sent."""
        return b"" if self.body is None else json.dumps(self.body).encode()


def _get(address: str, status: int = 200) -> Call:
    return Call("GET", address, status)


def _delete(address: str) -> Call:
    return Call("DELETE", address, 204, is_empty=True)


def _act(address: str) -> Call:
    return Call("POST", address, 200, is_empty=True)


_ROLE = {
    "metadata": {"name": "dev", "namespace": "demo"},
    "claims": [{"name": "groups", "values": ["devs"]}],
    "rules": [{"apiGroups": ["kargo.akuity.io"], "resources": ["stages"], "verbs": ["get"]}],
}
_MAKE_ROLE = Call("POST", f"{P}/roles", 201, _ROLE)
_CLAIMS = {"role": "dev", "userClaims": {"claims": [{"name": "groups", "values": ["qa"]}]}}


def _keyed(scope: str, base: str) -> dict[str, Call]:
    """Return calls about everything of keys and values in a scope."""
    families: list[tuple[str, str, str, dict[str, Any]]] = [
        ("ConfigMap", "configmaps", "settings", {"data": {"two": "2"}}),
        ("GenericCredentials", "generic-credentials", "slack", {"data": {"two": "2"}}),
    ]
    if scope != "System":
        keys = {"type": "git", "repoUrl": "https://git.example.com/other.git"}
        body = {**keys, "username": "bob", "password": "not-shown"}
        families.append(("RepoCredentials", "repo-credentials", "git", body))
    calls: dict[str, Call] = {}
    for noun, path, name, body in families:
        plural = noun if noun.endswith("s") else f"{noun}s"
        made, one = {"name": "new", "description": "It is.", **body}, f"{base}/{path}/{name}"
        calls |= {
            f"List{scope}{plural}": _get(f"{base}/{path}"),
            f"Create{scope}{noun}": Call("POST", f"{base}/{path}", 201, made),
            f"Get{scope}{noun}": _get(one),
            f"Update{scope}{noun}": Call("PUT", one, 200, {"description": "So.", **body}),
            f"Patch{scope}{noun}": Call("PATCH", one, 200, {"description": ""}),
            f"Delete{scope}{noun}": _delete(one),
        }
    return calls


def _roles() -> dict[str, Call]:
    one = f"{P}/roles/dev"
    after: dict[str, Any] = {"before": (_MAKE_ROLE,)}
    return {
        "ListProjectRoles": _get(f"{P}/roles"),
        "CreateProjectRole": _MAKE_ROLE,
        "GetProjectRole": _get(f"{P}/roles/kargo-viewer"),
        "UpdateRole": Call("PUT", one, 200, _ROLE, **after),
        "DeleteProjectRole": Call("DELETE", one, 204, is_empty=True, **after),
        "Grant": Call("POST", f"{P}/roles/grants", 200, _CLAIMS, **after),
        "Revoke": Call("POST", f"{P}/roles/revocations", 200, _CLAIMS, **after),
        "ListSystemRoles": _get(f"{S}/roles"),
        "GetSystemRole": _get(f"{S}/roles/kargo-viewer"),
    }


def _tokens(scope: str, base: str) -> dict[str, Call]:
    make = Call("POST", f"{base}/roles/kargo-viewer/api-tokens", 201, {"name": "bot"})
    one = f"{base}/api-tokens/bot"
    return {
        f"List{scope}APITokens": Call("GET", f"{base}/api-tokens", before=(make,)),
        f"Create{scope}APIToken": make,
        f"Get{scope}APIToken": Call("GET", one, before=(make,)),
        f"Delete{scope}APIToken": Call("DELETE", one, 204, is_empty=True, before=(make,)),
    }


_NEW = document("PromotionTask", "new", spec={"steps": [{"uses": "fail", "as": "it"}]})

CALLS: dict[str, Call] = {
    # ---- auth and system
    "AdminLogin": Call("POST", "/v1beta1/login"),
    "GetVersionInfo": _get(f"{S}/server-version"),
    "GetConfig": _get(f"{S}/server-config"),
    "GetPublicConfig": _get(f"{S}/public-server-config"),
    "GetClusterConfig": _get(f"{S}/cluster-config"),
    "DeleteClusterConfig": _delete(f"{S}/cluster-config"),
    "RefreshClusterConfig": _act(f"{S}/cluster-config/refresh"),
    "GetControllerHeartbeats": _get(f"{S}/controller-heartbeats"),
    # ---- projects
    "ListProjects": _get("/v1beta1/projects"),
    "GetProject": _get(P),
    "DeleteProject": _delete(P),
    "GetProjectConfig": _get(f"{P}/config"),
    "DeleteProjectConfig": _delete(f"{P}/config"),
    "RefreshProjectConfig": _act(f"{P}/config/refresh"),
    "ListProjectEvents": _get(f"{P}/events"),
    "ListImages": _get(f"{P}/images"),
    # ---- stages
    "ListStages": _get(f"{P}/stages"),
    "GetStage": _get(f"{P}/stages/test"),
    "DeleteStage": _delete(f"{P}/stages/test"),
    "GetStageLinks": _get(f"{P}/stages/test/links"),
    "RefreshStage": _act(f"{P}/stages/test/refresh"),
    "PromoteToStage": Call(
        "POST",
        f"{P}/stages/test/promotions",
        201,
        {"freight": "{spare}", "freightAlias": "", "origin": ""},
    ),
    "PromoteDownstream": Call(
        "POST", f"{P}/stages/test/promotions/downstream", 201, {"freight": "{held}"}
    ),
    "Reverify": _act(f"{P}/stages/test/verification"),
    "AbortVerification": _act(f"{P}/stages/test/verification/abort"),
    # ---- warehouses, freight, promotions
    "ListWarehouses": _get(f"{P}/warehouses"),
    "GetWarehouse": _get(f"{P}/warehouses/main"),
    "DeleteWarehouse": _delete(f"{P}/warehouses/main"),
    "RefreshWarehouse": _act(f"{P}/warehouses/main/refresh"),
    "QueryFreightsRest": _get(f"{P}/freight?origins=main,other"),
    "GetFreight": _get(f"{P}/freight/brave-bear-1"),
    "DeleteFreight": _delete(f"{P}/freight/{{spare}}"),
    "PatchFreightAlias": Call(
        "PATCH", f"{P}/freight/{{spare}}/alias?newAlias=bold-bat", 200, is_empty=True
    ),
    "ApproveFreight": _act(f"{P}/freight/{{spare}}/approve?stage=prod"),
    "GetFreightLinks": _get(f"{P}/freight/{{spare}}/links"),
    "ListPromotions": _get(f"{P}/promotions?stage=test"),
    "GetPromotion": _get(f"{P}/promotions/{{succeeded}}"),
    "AbortPromotion": _act(f"{P}/promotions/{{waiting}}/abort"),
    "RefreshPromotion": _act(f"{P}/promotions/{{waiting}}/refresh"),
    # ---- tasks and analysis
    "ListPromotionTasks": _get(f"{P}/promotion-tasks"),
    "GetPromotionTask": _get(f"{P}/promotion-tasks/deploy"),
    "ListClusterPromotionTasks": _get(f"{H}/cluster-promotion-tasks"),
    "GetClusterPromotionTask": _get(f"{H}/cluster-promotion-tasks/deploy-all"),
    "ListAnalysisTemplates": _get(f"{P}/analysis-templates"),
    "GetAnalysisTemplate": _get(f"{P}/analysis-templates/check"),
    "DeleteAnalysisTemplate": _delete(f"{P}/analysis-templates/check"),
    "ListClusterAnalysisTemplates": _get(f"{H}/cluster-analysis-templates"),
    "GetClusterAnalysisTemplate": _get(f"{H}/cluster-analysis-templates/check-all"),
    "DeleteClusterAnalysisTemplate": _delete(f"{H}/cluster-analysis-templates/check-all"),
    # Nothing starts runs yet, and there is no source of their logs.
    "GetAnalysisRun": _get(f"{P}/analysis-runs/test.1"),
    "GetAnalysisRunLogs": _get(f"{P}/analysis-runs/test.1/logs?metricName=none", 400),
    # ---- config maps, credentials, roles and tokens
    **_keyed("Project", P),
    **_keyed("Shared", H),
    **_keyed("System", S),
    **_roles(),
    **_tokens("Project", P),
    **_tokens("System", S),
    # ---- resources
    "CreateResource": Call("POST", "/v1beta1/resources", 201, _NEW),
    "UpdateResource": Call("PUT", "/v1beta1/resources?upsert=true", 200, _NEW),
    "DeleteResource": Call("DELETE", "/v1beta1/resources", 200, document("Stage", "test")),
}
