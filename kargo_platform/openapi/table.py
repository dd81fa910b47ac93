"""What each operation takes and answers, by the name of its view class.

Most follow from the name: ``ListStages`` answers a ``StageList``, ``DeleteStage`` nothing. The
table has what does not.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

_NOTHING: Mapping[str, str] = MappingProxyType({})
WATCH = {
    "watch": "`true` streams changes as server-sent events instead",
    "resourceVersion": "with `watch`: only what changed after this version",
}
_DRY_RUN = {"dryRun": "`All` answers a preview of what would happen, and does nothing"}


@dataclass(frozen=True, slots=True)
class Described:
    """One operation. ``answer`` and ``body`` name schemas; empty is none."""

    answer: str = ""
    body: str = ""
    statuses: tuple[int, ...] = (200,)
    refusals: tuple[int, ...] = ()
    query: Mapping[str, str] = field(default_factory=lambda: _NOTHING)


def described(name: str, *, method: str) -> Described:
    """Return what is known of the operation whose view class has this name."""
    return OPERATIONS.get(name) or _by_name(name) or _BY_METHOD.get(method, Described())


def _by_name(name: str) -> Described | None:
    verb = next((it for it in ("List", "Get", "Create") if name.startswith(it)), "")
    noun = name.removeprefix(verb)
    match verb:
        case "List":
            return Described(answer=f"{_singular(noun)}List")
        case "Get":
            return Described(answer=noun)
        case "Create":
            return Described(answer=noun, body="Free", statuses=(201,), refusals=(409, 413))
        case _:
            return None


_BY_METHOD = {
    "DELETE": Described(statuses=(204,)),
    "PUT": Described(answer="Free", body="Free", refusals=(413,)),
    "PATCH": Described(answer="Free", body="Free", refusals=(413,)),
}


def _singular(noun: str) -> str:
    return noun if noun == "Freight" else noun.removesuffix("s")


_PAGED = {"limit": "how many, 1000 at most", "after": "the last name of the page before"}
_IDENTITY_PROVIDERS = {
    f"{verb}{scope}IdentityProvider{plural}": told
    for scope in ("", "Platform")
    for verb, plural, told in (
        ("List", "s", Described("IdentityProviderList", query=_PAGED)),
        ("Get", "", Described("IdentityProvider")),
        (
            "Create",
            "",
            Described("IdentityProvider", "NewIdentityProvider", (201,), refusals=(409, 413, 422)),
        ),
        (
            "Update",
            "",
            Described("IdentityProvider", "IdentityProviderChanges", refusals=(409, 413, 422)),
        ),
        ("Check", "", Described("IdentityProviderReport")),
    )
}

_PLANE = "RegisteredControlPlane"
_CONTROL_PLANES = {
    "ListControlPlanes": Described(f"{_PLANE}List", query=_PAGED),
    "GetControlPlane": Described(_PLANE),
    "RegisterControlPlane": Described(_PLANE, "NewControlPlane", (201,), refusals=(409, 413, 422)),
    "UpdateControlPlane": Described(_PLANE, "ControlPlaneChanges", refusals=(409, 413, 422)),
    "CheckControlPlane": Described(_PLANE),
    "RotateControlPlane": Described(_PLANE, "ControlPlaneCredential", refusals=(409, 413, 422)),
    "EnableControlPlane": Described(_PLANE),
    "DisableControlPlane": Described(_PLANE),
}

_ELIGIBILITY = {
    "GetStageEligibility": Described(
        "StageEligibility",
        query={
            "freight": "one piece of Freight, by name or alias; else what the Stage requests",
            "limit": "how many, 1000 at most",
            "before": "the last Freight of the page before",
        },
    ),
    "GetFreightEligibility": Described(
        "FreightEligibility",
        query={
            "stage": "one Stage; else all of the project",
            "limit": "how many, 1000 at most",
            "after": "the last Stage of the page before",
        },
    ),
    "GetPromotionWait": Described("PromotionWait"),
}

OPERATIONS: Mapping[str, Described] = {
    **_ELIGIBILITY,
    **_IDENTITY_PROVIDERS,
    **_CONTROL_PLANES,
    "ListProjects": Described(
        "ProjectList",
        query={
            "mine": "`true`: only projects in which the caller holds a role",
            "filter": "a part of the name",
            "uid": "uids, repeated or separated by commas",
            "pageSize": "how many; 0 is all",
            "page": "which page, from 0",
        },
    ),
    "ListStages": Described("StageList", query={"freightOrigins": "names of Warehouses", **WATCH}),
    "ListWarehouses": Described("WarehouseList", query=WATCH),
    "ListPromotions": Described("PromotionList", query={"stage": "of one Stage", **WATCH}),
    "ListFreight": Described(
        "Free",
        query={
            "stage": "available to one Stage",
            "origins": "names of Warehouses",
            "groupBy": "`image_repo`, `git_repo` or `chart_repo`",
            "group": "one group of them",
            "orderBy": "`first_seen` or `tag`",
            "reverse": "`true` turns the order round",
            **WATCH,
        },
    ),
    "GetStage": Described("Stage", query={"watch": WATCH["watch"]}),
    "GetWarehouse": Described("Warehouse", query={"watch": WATCH["watch"]}),
    "GetPromotion": Described("Promotion", query={"watch": WATCH["watch"]}),
    "GetProjectConfig": Described("ProjectConfig", query={"watch": WATCH["watch"]}),
    "GetClusterConfig": Described("ClusterConfig", query={"watch": WATCH["watch"]}),
    "PromoteToStage": Described(
        "Promotion", "Free", (201, 200, 202), refusals=(409, 413), query=_DRY_RUN
    ),
    "PromoteDownstream": Described("Free", "Free", (201, 207), refusals=(409, 413)),
    "CreateResources": Described("Free", "Manifests", (201,), refusals=(409, 413, 422)),
    "UpdateResources": Described(
        "Free",
        "Manifests",
        refusals=(409, 413, 422),
        query={"upsert": "`true` creates what is missing"},
    ),
    "DeleteResources": Described("Free", "Manifests", refusals=(409, 413)),
    "ListApprovals": Described("Free", query={"stage": "of one Stage", "after": _PAGED["after"]}),
    "ListTargets": Described("TargetList", query=_PAGED),
    "ListPromotionRequests": Described(
        "PromotionRequestList", query={"stage": "of one Stage", **_PAGED}
    ),
    "CreatePromotionRequest": Described("PromotionRequest", "Free", (201,), refusals=(409, 413)),
    "AbortPromotionRequest": Described(),
    "RetryPromotionRequest": Described("PromotionRequest", statuses=(201,), refusals=(409,)),
    "RenameFreight": Described(query={"newAlias": "the new alias"}, refusals=(409,)),
    "ApproveFreight": Described(query={"stage": "the Stage that it is approved for"}),
    "LogIn": Described("Free", refusals=(403,)),
}
