"""Who may come in where: the table that the matrix is held against.

``P`` stands for ``/v1beta1/projects/<str:project>``, ``S`` and ``H`` for the tenant's system and
shared parts, ``N`` for the platform's own API.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from tests.functional.access.people import NOBODY, Who

EVERYBODY = frozenset(Who)
OPERATORS = frozenset({Who.OPERATOR})
TENANT = OPERATORS | {Who.TENANT_ADMIN}
ADMINS = TENANT | {Who.ADMIN}
PROMOTERS = ADMINS | {Who.PROMOTER}
MEMBERS = PROMOTERS | {Who.VIEWER}
SIGNED_IN = MEMBERS | {Who.OUTSIDER}

_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Row:
    """Who gets in, and what is sent there.

    Attributes:
        body: JSON to send; ``form`` instead for pages. ``$freight`` stands for a Freight's name.
        missing: Whether what the address names is not there, for those who get in.
        names: What stands in the address instead of the usual.
        others: What becomes of those who do not get in, where it is not the usual.
    """

    allowed: frozenset[Who]
    query: str = ""
    body: Any = None
    form: Mapping[str, str] | None = None
    missing: bool = False
    names: Mapping[str, str] = field(default_factory=lambda: _NONE)
    others: Mapping[Who, str] = field(default_factory=lambda: MappingProxyType({}))

    def answer(self, who: Who) -> str:
        """Return what must become of somebody who asks."""
        if who in self.allowed:
            return "missing" if self.missing else "in"
        if who in self.others:
            return self.others[who]
        if who in NOBODY:
            return "sign in"
        return "missing" if who is Who.OUTSIDER else "forbidden"


def _config_map(namespace: str) -> dict[str, Any]:
    metadata = {"name": "new", "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "b"}}


_KEYED: dict[str, Any] = {"name": "new", "data": {"a": "b"}}
_REPOSITORY = {
    "name": "new",
    "type": "git",
    "repoUrl": "https://git.example.com/a.git",
    "username": "bob",
    "password": "it is",
}
_GIT = {"name": "git"}
_SLACK = {"name": "slack"}
_ROLE = {"metadata": {"name": "new"}, "rules": []}
_GRANT = {"role": "kargo-viewer", "userClaims": {"claims": [{"name": "sub", "values": ["x"]}]}}
_REFUSED: dict[Who, str] = {who: "forbidden" for who in Who if who is not Who.ANONYMOUS}


def _keyed(base: str, body: Any, names: Mapping[str, str], *, rights: str) -> dict[str, Row]:
    """Return the rows of a collection of credentials or ConfigMaps; ``rights`` is who may what."""
    lists, reads, writes = (_RIGHTS[it] for it in rights.split())
    one = f"{base}/<str:name>"
    data: Any = {"data": {"a": "c"}} if "data" in body else {"username": "ann"}
    whole = {key: it for key, it in body.items() if key != "name"}
    return {
        f"GET {base}": Row(lists),
        f"POST {base}": Row(writes, body=body),
        f"GET {one}": Row(reads, names=names),
        f"PUT {one}": Row(writes, body=whole, names=names),
        f"PATCH {one}": Row(writes, body=data, names=names),
        f"DELETE {one}": Row(writes, names=names),
    }


_RIGHTS = {"members": MEMBERS, "admins": ADMINS, "tenant": TENANT}


def _written(rows: Mapping[str, Row]) -> dict[str, Row]:
    """Return rows under whole routes."""
    short = {
        "P": "/v1beta1/projects/<str:project>",
        "S": "/v1beta1/system",
        "H": "/v1beta1/shared",
        "N": "/api/v1",
        "W": "/projects/<str:project>",
    }
    found = {}
    for key, row in rows.items():
        method, _, path = key.partition(" ")
        start, slash, rest = path.partition("/")
        found[f"{method} {short.get(start, start)}{slash}{rest}"] = row
    return found


_PROJECT = {
    "GET P": Row(MEMBERS),
    "DELETE P": Row(ADMINS),
    "GET P/config": Row(MEMBERS),
    "DELETE P/config": Row(ADMINS),
    "POST P/config/refresh": Row(MEMBERS),
    "GET P/events": Row(MEMBERS),
    "GET P/images": Row(MEMBERS),
    "GET P/stages": Row(MEMBERS),
    "GET P/stages/<str:stage>": Row(MEMBERS),
    "DELETE P/stages/<str:stage>": Row(ADMINS),
    "GET P/stages/<str:stage>/links": Row(MEMBERS),
    "POST P/stages/<str:stage>/refresh": Row(MEMBERS),
    "POST P/stages/<str:stage>/promotions": Row(PROMOTERS, body={"freight": "$freight"}),
    "POST P/stages/<str:stage>/promotions/downstream": Row(PROMOTERS, body={"freight": "$freight"}),
    "POST P/stages/<str:stage>/verification": Row(ADMINS),
    "POST P/stages/<str:stage>/verification/abort": Row(ADMINS),
    "GET P/warehouses": Row(MEMBERS),
    "GET P/warehouses/<str:warehouse>": Row(MEMBERS),
    "DELETE P/warehouses/<str:warehouse>": Row(ADMINS),
    "POST P/warehouses/<str:warehouse>/refresh": Row(MEMBERS),
    "GET P/freight": Row(MEMBERS),
    "GET P/freight/<str:freight>": Row(MEMBERS),
    "DELETE P/freight/<str:freight>": Row(ADMINS),
    "PATCH P/freight/<str:freight>/alias": Row(ADMINS, query="?newAlias=new"),
    "POST P/freight/<str:freight>/approve": Row(PROMOTERS, query="?stage=prod"),
    "GET P/freight/<str:freight>/links": Row(MEMBERS),
    "GET P/promotions": Row(MEMBERS),
    "GET P/promotions/<str:promotion>": Row(MEMBERS),
    "POST P/promotions/<str:promotion>/abort": Row(ADMINS),
    "POST P/promotions/<str:promotion>/refresh": Row(MEMBERS),
    "GET P/promotion-tasks": Row(ADMINS),
    "GET P/promotion-tasks/<str:task>": Row(ADMINS),
    "GET P/analysis-templates": Row(MEMBERS),
    "GET P/analysis-templates/<str:template>": Row(MEMBERS),
    "DELETE P/analysis-templates/<str:template>": Row(ADMINS),
    "GET P/analysis-runs/<str:run>": Row(MEMBERS),
    "GET P/analysis-runs/<str:run>/logs": Row(MEMBERS, "?metricName=smoke"),
    "GET P/roles": Row(MEMBERS),
    "POST P/roles": Row(ADMINS, body=_ROLE),
    "GET P/roles/<str:role>": Row(MEMBERS),
    "PUT P/roles/<str:role>": Row(ADMINS, body={**_ROLE, "metadata": {"name": "kargo-viewer"}}),
    "DELETE P/roles/<str:role>": Row(ADMINS),
    "POST P/roles/grants": Row(ADMINS, body=_GRANT),
    "POST P/roles/revocations": Row(ADMINS, body=_GRANT),
    "POST P/roles/<str:role>/api-tokens": Row(ADMINS, body={"name": "new"}),
    "GET P/api-tokens": Row(ADMINS),
    "GET P/api-tokens/<str:apitoken>": Row(ADMINS),
    "DELETE P/api-tokens/<str:apitoken>": Row(ADMINS),
    **_keyed("P/configmaps", _KEYED, _NONE, rights="members members admins"),
    **_keyed("P/generic-credentials", _KEYED, _SLACK, rights="admins admins admins"),
    **_keyed("P/repo-credentials", _REPOSITORY, _GIT, rights="admins admins admins"),
}
_TENANT_WIDE = {
    "GET /v1beta1/projects": Row(MEMBERS),
    "POST /v1beta1/resources": Row(ADMINS, body=_config_map("demo")),
    "PUT /v1beta1/resources": Row(ADMINS, "?upsert=true", body=_config_map("demo")),
    "DELETE /v1beta1/resources": Row(
        ADMINS, body={**_config_map("demo"), "metadata": {"name": "settings", "namespace": "demo"}}
    ),
    "GET /v1beta1/": Row(MEMBERS, missing=True),
    "GET /v1beta1/cluster-config": Row(TENANT),
    "POST /v1beta1/login": Row(frozenset(), others={**_REFUSED, Who.ANONYMOUS: "in"}),
    "GET S/public-server-config": Row(EVERYBODY),
    "GET S/server-config": Row(MEMBERS),
    "GET S/server-version": Row(MEMBERS),
    "GET S/controller-heartbeats": Row(MEMBERS),
    "GET S/cluster-config": Row(TENANT),
    "DELETE S/cluster-config": Row(TENANT),
    "POST S/cluster-config/refresh": Row(TENANT),
    "GET S/roles": Row(TENANT),
    "GET S/roles/<str:role>": Row(TENANT),
    "POST S/roles/<str:role>/api-tokens": Row(TENANT, body={"name": "new"}),
    "GET S/api-tokens": Row(TENANT),
    "GET S/api-tokens/<str:apitoken>": Row(TENANT),
    "DELETE S/api-tokens/<str:apitoken>": Row(TENANT),
    "GET H/cluster-promotion-tasks": Row(TENANT),
    "GET H/cluster-promotion-tasks/<str:task>": Row(TENANT, names={"task": "deploy-all"}),
    "GET H/cluster-analysis-templates": Row(TENANT),
    "GET H/cluster-analysis-templates/<str:template>": Row(TENANT, names={"template": "check-all"}),
    "DELETE H/cluster-analysis-templates/<str:template>": Row(
        TENANT, names={"template": "check-all"}
    ),
    **_keyed("S/configmaps", _KEYED, _NONE, rights="tenant tenant tenant"),
    **_keyed("S/generic-credentials", _KEYED, _SLACK, rights="tenant tenant tenant"),
    **_keyed("H/configmaps", _KEYED, _NONE, rights="tenant tenant tenant"),
    **_keyed("H/generic-credentials", _KEYED, _SLACK, rights="members tenant tenant"),
    **_keyed("H/repo-credentials", _REPOSITORY, _GIT, rights="members tenant tenant"),
}
_OPERATOR = {Who.OUTSIDER: "forbidden"}
_REQUEST = {"promotion_request": "test.request"}
_MEMBER = {"username": "bob", "role": "kargo-promoter"}
_ACME = {"name": "acme"}
_PROVIDER = {"name": "new", "issuer": "https://login.example.com", "clientId": "kargo"}
_PLANE = {
    "name": "new",
    "kind": "rest",
    "address": "https://argocd.example.com",
    "shard": "other",
    "credential": {"token": "secret"},
}
_OURS = {
    "GET N/": Row(MEMBERS, missing=True),
    "GET N/audit-events": Row(TENANT),
    "GET N/projects/<str:project>/audit-events": Row(ADMINS),
    "GET N/members": Row(TENANT),
    "POST N/members": Row(TENANT, body={"username": "bob", "role": "kargo-user"}),
    "DELETE N/members/<str:username>/roles/<str:role>": Row(TENANT, missing=True),
    "GET N/projects/<str:project>/members": Row(MEMBERS),
    "POST N/projects/<str:project>/members": Row(ADMINS, body=_MEMBER),
    "DELETE N/projects/<str:project>/members/<str:username>/roles/<str:role>": Row(ADMINS),
    "GET N/projects/<str:project>/stages/<str:stage>/previews/<uuid:uid>": Row(PROMOTERS),
    "GET N/projects/<str:project>/stages/<str:stage>/eligibility": Row(MEMBERS),
    "GET N/projects/<str:project>/freight/<str:freight>/eligibility": Row(MEMBERS),
    "GET N/projects/<str:project>/promotions/<str:promotion>/waiting": Row(MEMBERS),
    "GET N/projects/<str:project>/approvals": Row(MEMBERS),
    "GET N/projects/<str:project>/promotions/<str:promotion>/approvals": Row(MEMBERS),
    "POST N/projects/<str:project>/promotions/<str:promotion>/approvals": Row(
        MEMBERS, body={"action": "approve"}
    ),
    "GET N/projects/<str:project>/promotions/<str:promotion>/steps/<str:alias>/responses": Row(
        MEMBERS, missing=True
    ),
    "POST N/projects/<str:project>/promotions/<str:promotion>/steps/<str:alias>/responses": Row(
        MEMBERS, body={"action": "Approve"}
    ),
    "GET N/projects/<str:project>/targets": Row(MEMBERS - {Who.PROMOTER}),
    "GET N/projects/<str:project>/targets/<str:target>": Row(
        MEMBERS - {Who.PROMOTER}, missing=True, names={"target": "eu"}
    ),
    "GET N/projects/<str:project>/promotion-requests": Row(MEMBERS),
    "POST N/projects/<str:project>/promotion-requests": Row(
        PROMOTERS, body={"stage": "test", "freight": "$freight"}
    ),
    "GET N/projects/<str:project>/promotion-requests/<str:promotion_request>": Row(
        MEMBERS, missing=True, names=_REQUEST
    ),
    "GET N/projects/<str:project>/promotion-requests/<str:promotion_request>/waiting": Row(
        MEMBERS, missing=True, names=_REQUEST
    ),
    "GET N/projects/<str:project>/promotion-requests/<str:promotion_request>/approvals": Row(
        MEMBERS, missing=True, names=_REQUEST
    ),
    "POST N/projects/<str:project>/promotion-requests/<str:promotion_request>/approvals": Row(
        MEMBERS, missing=True, names=_REQUEST, body={"action": "approve"}
    ),
    "POST N/projects/<str:project>/promotion-requests/<str:promotion_request>/abort": Row(
        ADMINS, missing=True, names=_REQUEST
    ),
    "POST N/projects/<str:project>/promotion-requests/<str:promotion_request>/retry": Row(
        PROMOTERS, missing=True, names=_REQUEST
    ),
    "GET N/usage": Row(TENANT),
    "GET N/tenants": Row(OPERATORS, others=_OPERATOR),
    "POST N/tenants": Row(OPERATORS, body={"name": "newer"}, others=_OPERATOR),
    "GET N/tenants/<str:name>": Row(OPERATORS, names=_ACME, others=_OPERATOR),
    "PATCH N/tenants/<str:name>": Row(
        OPERATORS, body={"title": "A"}, names=_ACME, others=_OPERATOR
    ),
    "DELETE N/tenants/<str:name>": Row(OPERATORS, names=_ACME, others=_OPERATOR),
    "POST N/tenants/<str:name>/suspend": Row(OPERATORS, names=_ACME, others=_OPERATOR),
    "POST N/tenants/<str:name>/resume": Row(OPERATORS, names=_ACME, others=_OPERATOR),
    "GET N/tenants/<str:tenant>/identity-providers": Row(TENANT),
    "POST N/tenants/<str:tenant>/identity-providers": Row(TENANT, body=_PROVIDER),
    "GET N/tenants/<str:tenant>/identity-providers/<str:provider>": Row(TENANT),
    "PATCH N/tenants/<str:tenant>/identity-providers/<str:provider>": Row(TENANT, body={}),
    "DELETE N/tenants/<str:tenant>/identity-providers/<str:provider>": Row(TENANT),
    "POST N/tenants/<str:tenant>/identity-providers/<str:provider>/check": Row(TENANT),
    "GET N/tenants/<str:tenant>/control-planes": Row(TENANT),
    "POST N/tenants/<str:tenant>/control-planes": Row(TENANT, body=_PLANE),
    "GET N/tenants/<str:tenant>/control-planes/<str:plane>": Row(TENANT),
    "PATCH N/tenants/<str:tenant>/control-planes/<str:plane>": Row(TENANT, body={}),
    "DELETE N/tenants/<str:tenant>/control-planes/<str:plane>": Row(TENANT),
    "POST N/tenants/<str:tenant>/control-planes/<str:plane>/check": Row(TENANT),
    "POST N/tenants/<str:tenant>/control-planes/<str:plane>/rotate": Row(
        TENANT, body={"credential": {"token": "next"}}
    ),
    "POST N/tenants/<str:tenant>/control-planes/<str:plane>/enable": Row(TENANT),
    "POST N/tenants/<str:tenant>/control-planes/<str:plane>/disable": Row(TENANT),
    "GET N/identity-providers": Row(OPERATORS, others=_OPERATOR),
    "POST N/identity-providers": Row(OPERATORS, body=_PROVIDER, others=_OPERATOR),
    "GET N/identity-providers/<str:provider>": Row(OPERATORS, others=_OPERATOR),
    "PATCH N/identity-providers/<str:provider>": Row(OPERATORS, body={}, others=_OPERATOR),
    "DELETE N/identity-providers/<str:provider>": Row(OPERATORS, others=_OPERATOR),
    "POST N/identity-providers/<str:provider>/check": Row(OPERATORS, others=_OPERATOR),
    "GET /api/schema": Row(EVERYBODY),
    "GET /api/docs": Row(EVERYBODY),
    "GET /healthz": Row(EVERYBODY),
    "POST /webhooks/": Row(EVERYBODY, missing=True),
    "POST /webhooks/<str:kind>/<str:digest>": Row(
        EVERYBODY, missing=True, names={"kind": "github", "digest": "0" * 64}
    ),
}
_FORM = {"freight": "$freight"}
_PLANE_FORM = {
    "name": "new",
    "spec": "kind: rest\naddress: https://argocd.example.com\nshard: other\n",
    "token": "secret",
}
_PAGES = {
    "GET /": Row(MEMBERS),
    "GET /control-planes": Row(TENANT),
    "GET /control-planes/new": Row(TENANT),
    "POST /control-planes/new": Row(TENANT, form=_PLANE_FORM),
    "GET /control-planes/<str:plane>/edit": Row(TENANT),
    "POST /control-planes/<str:plane>/edit": Row(TENANT, form={"spec": _PLANE_FORM["spec"]}),
    "POST /control-planes/<str:plane>/rotate": Row(TENANT, form={"token": "next"}),
    "POST /control-planes/<str:plane>/check": Row(TENANT),
    "POST /control-planes/<str:plane>/enable": Row(TENANT),
    "POST /control-planes/<str:plane>/disable": Row(TENANT),
    "GET /projects": Row(MEMBERS),
    "GET /members": Row(TENANT),
    "POST /members/grant": Row(TENANT, form={"username": "bob", "role": "kargo-user"}),
    "POST /members/revoke": Row(TENANT, form={"username": "bob", "role": "kargo-user"}),
    "GET /oidc/<slug:name>/login/": Row(EVERYBODY, missing=True),
    "GET /oidc/<slug:name>/callback/": Row(EVERYBODY, missing=True),
    "GET W": Row(MEMBERS),
    "GET W/audit": Row(ADMINS),
    "GET W/audit/<int:sequence>": Row(ADMINS),
    "GET W/events": Row(MEMBERS),
    "GET W/approvals": Row(MEMBERS),
    "GET W/freight": Row(MEMBERS),
    "GET W/freight/<str:freight>": Row(MEMBERS),
    "POST W/freight/<str:freight>/approve": Row(PROMOTERS, form={"stage": "prod"}),
    "GET W/members": Row(MEMBERS),
    "POST W/members/grant": Row(ADMINS, form=_MEMBER),
    "POST W/members/revoke": Row(ADMINS, form=_MEMBER),
    "GET W/analysis-runs/<str:run>/log": Row(MEMBERS, "?metric=smoke"),
    "GET W/promotions": Row(MEMBERS),
    "GET W/promotions/<str:promotion>": Row(MEMBERS),
    "POST W/promotions/<str:promotion>/abort": Row(ADMINS, form={}),
    "POST W/promotions/<str:promotion>/approvals": Row(MEMBERS, form={}),
    "POST W/promotion-requests/<str:promotion_request>/approvals": Row(
        MEMBERS, form={}, missing=True, names=_REQUEST
    ),
    "GET W/promotions/<str:promotion>/steps/<str:alias>/responses": Row(MEMBERS),
    "POST W/promotions/<str:promotion>/steps/<str:alias>/responses": Row(MEMBERS, form={}),
    "POST W/promotion-requests/<str:promotion_request>/abort": Row(
        ADMINS, form={}, missing=True, names=_REQUEST
    ),
    "POST W/promotion-requests/<str:promotion_request>/retry": Row(
        PROMOTERS, form={}, missing=True, names=_REQUEST
    ),
    "GET W/stages/<str:stage>": Row(MEMBERS),
    "GET W/stages/<str:stage>/card": Row(MEMBERS),
    "GET W/stages/<str:stage>/promote": Row(MEMBERS),
    "POST W/stages/<str:stage>/promotions": Row(PROMOTERS, form=_FORM),
    "POST W/stages/<str:stage>/previews": Row(PROMOTERS, form=_FORM),
    "GET W/stages/<str:stage>/previews/<uuid:preview>": Row(PROMOTERS),
    "POST W/stages/<str:stage>/refresh": Row(MEMBERS, form={}),
    "GET W/warehouses/<str:warehouse>": Row(MEMBERS),
    "GET W/warehouses/<str:warehouse>/card": Row(MEMBERS),
    "POST W/warehouses/<str:warehouse>/refresh": Row(MEMBERS, form={}),
}

_WATCHED = {
    "WATCH P/config": Row(MEMBERS),
    "WATCH P/stages": Row(MEMBERS),
    "WATCH P/stages/<str:stage>": Row(MEMBERS),
    "WATCH P/warehouses": Row(MEMBERS),
    "WATCH P/warehouses/<str:warehouse>": Row(MEMBERS),
    "WATCH P/freight": Row(MEMBERS),
    "WATCH P/promotions": Row(MEMBERS),
    "WATCH P/promotions/<str:promotion>": Row(MEMBERS),
    "WATCH S/cluster-config": Row(TENANT),
    "WATCH /v1beta1/cluster-config": Row(TENANT),
}

ROWS = _written({**_WATCHED, **_PROJECT, **_TENANT_WIDE, **_OURS, **_PAGES})
