"""The roles that every project and every tenant has, and what they allow.

Source: Kargo's management controller (project roles) and its Helm chart (system roles). Their
rules are kept here and nowhere else, so they cannot drift.
"""

from collections.abc import Mapping

from rbac.rules import ALL_VERBS, EVERYTHING, PROMOTE, RESOURCES, Rule

ADMIN, PROMOTER, VIEWER = "kargo-admin", "kargo-promoter", "kargo-viewer"
USER, PROJECT_CREATOR = "kargo-user", "kargo-project-creator"
TENANT_ADMIN = "tenant-admin"
"""May do everything in one tenant: what an operator may in all of them. Not one of Kargo's."""

_READ = ("get", "list", "watch")
_WRITE = (*ALL_VERBS,)


def _rules(table: Mapping[str, tuple[str, ...]]) -> tuple[Rule, ...]:
    return tuple(
        Rule((RESOURCES[resource],), (resource,), verbs) for resource, verbs in table.items()
    )


_PROJECT_READ = dict.fromkeys(
    (
        "projects",
        "events",
        "configmaps",
        "serviceaccounts",
        "roles",
        "rolebindings",
        "freights",
        "stages",
        "warehouses",
        "projectconfigs",
        "promotions",
        "promotionrequests",
        "analysisruns",
        "analysistemplates",
    ),
    _READ,
)
_PROJECT_WRITE = dict.fromkeys(
    (
        "configmaps",
        "serviceaccounts",
        "secrets",
        "roles",
        "rolebindings",
        "freights",
        "stages",
        "warehouses",
        "projectconfigs",
        "promotiontasks",
        "targets",
        "analysistemplates",
        "messagechannels",
        "eventrouters",
    ),
    _WRITE,
)

PROJECT_ROLES: Mapping[str, tuple[Rule, ...]] = {
    ADMIN: _rules(
        {
            **_PROJECT_READ,
            **_PROJECT_WRITE,
            "projects": (*_READ, "delete", "update"),
            "promotions": ("create", "delete", *_READ, "patch"),
            "promotionrequests": _WRITE,
            "stages": (*_WRITE, PROMOTE),
            "freights/status": ("patch",),
            "analysisruns": ("delete", *_READ),
            "auditevents": _READ,
        }
    ),
    PROMOTER: _rules(
        {
            **_PROJECT_READ,
            "promotions": ("create", *_READ),
            "promotionrequests": ("create", *_READ),
            "stages": (*_READ, PROMOTE),
            "freights/status": ("patch",),
        }
    ),
    VIEWER: _rules({**_PROJECT_READ, "targets": _READ}),
}

_SYSTEM_READ = dict.fromkeys(
    ("namespaces", "clusterconfigs", "clusterpromotiontasks", "clusteranalysistemplates"), _READ
)
_SYSTEM_WRITE = dict.fromkeys(
    (
        "clusterconfigs",
        "clusterpromotiontasks",
        "freights",
        "projects",
        "projectconfigs",
        "promotionrequests",
        "promotiontasks",
        "stages",
        "targets",
        "warehouses",
        "analysistemplates",
        "clusteranalysistemplates",
        "messagechannels",
        "clustermessagechannels",
        "eventrouters",
    ),
    _WRITE,
)
_SEEN_BY_ADMINS = dict.fromkeys(
    ("events", "namespaces", "serviceaccounts", "roles", "rolebindings"), _READ
)

SYSTEM_ROLES: Mapping[str, tuple[Rule, ...]] = {
    ADMIN: _rules(
        {
            **_SEEN_BY_ADMINS,
            **_SYSTEM_WRITE,
            "promotions": ("create", "delete", *_READ, "patch"),
            "stages": (*_WRITE, PROMOTE),
            "freights/status": ("patch",),
            "analysisruns": ("delete", *_READ),
            "auditevents": _READ,
        }
    ),
    PROJECT_CREATOR: _rules({**_SYSTEM_READ, "projects": ("create", *_READ)}),
    USER: _rules({**_SYSTEM_READ, "projects": _READ}),
    VIEWER: _rules(
        dict.fromkeys((*_SEEN_BY_ADMINS, *_SYSTEM_WRITE, "promotions", "analysisruns"), _READ)
    ),
    TENANT_ADMIN: (EVERYTHING,),
}

DESCRIPTIONS: Mapping[str, str] = {
    ADMIN: "Everything in the project: its pipeline, secrets, roles and tokens.",
    PROMOTER: "Sees the project and promotes to all of its stages.",
    VIEWER: "Sees everything but secrets.",
    USER: "Sees the names of projects and what projects share.",
    PROJECT_CREATOR: "As kargo-user, and creates projects.",
    TENANT_ADMIN: "Everything in the tenant.",
}
