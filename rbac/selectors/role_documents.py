"""Writes roles, tokens and what roles are made of as Kargo's and Kubernetes' JSON."""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from common.jsontypes import JSONValue
from rbac.labels import API_TOKEN, DESCRIPTION, MANAGED, TOKEN_OF, TRUE
from rbac.models import ApiToken, Role, RoleBinding, ServiceAccount
from rbac.models.role import AccessObject
from rbac.selectors.roles import CLUSTER_ROLE, Binding, KargoRole, Subject

KARGO_ROLE_API = "rbac.kargo.akuity.io/v1alpha1"
KUBERNETES_RBAC_API = "rbac.authorization.k8s.io/v1"
_KUBERNETES_RBAC = "rbac.authorization.k8s.io"
_CORE_API = "v1"

EXPIRES_AT = "kargo-platform/expires-at"
LAST_USED_AT = "kargo-platform/last-used-at"
LAST_USED_ON = "kubernetes.io/legacy-token-last-used"
"""Label that says the day, which Kubernetes keeps on such Secrets and Kargo's web UI shows."""
REDACTED = "*** REDACTED ***"

_REVISION_BYTES = 6

Document = dict[str, Any]


def kargo_role_document(role: KargoRole) -> Document:
    """Return a role as Kargo's REST API shows it."""
    account = role.account
    metadata: Document = {"name": account.name, "namespace": account.namespace}
    metadata["creationTimestamp"] = _timestamp(account.created_at)
    if DESCRIPTION in account.annotations:
        metadata["annotations"] = {DESCRIPTION: account.annotations[DESCRIPTION]}
    return {
        "apiVersion": KARGO_ROLE_API,
        "kind": "Role",
        "metadata": metadata,
        "kargoManaged": role.is_managed,
        "claims": [{"name": name, "values": list(values)} for name, values in role.claims.items()],
        "rules": [rule.to_json() for rule in role.rules],
    }


def role_resources_document(role: KargoRole) -> Document:
    """Return what a role is made of, as Kargo's REST API shows it."""
    account = role.account
    return {
        "apiVersion": KARGO_ROLE_API,
        "kind": "RoleResources",
        "metadata": {
            "name": account.name,
            "namespace": account.namespace,
            "creationTimestamp": _timestamp(account.created_at),
        },
        "serviceAccount": service_account_document(account),
        "roles": [role_document(it) for it in role.roles],
        "clusterRoles": [role_document(it) for it in role.cluster_roles],
        "roleBindings": [role_binding_document(it) for it in role.bindings],
    }


def service_account_document(account: ServiceAccount) -> Document:
    """Return a ServiceAccount as its manifest."""
    return _document("ServiceAccount", account, api_version=_CORE_API)


def role_document(role: Role) -> Document:
    """Return a Role or ClusterRole as its manifest."""
    kind = "Role" if role.namespace else CLUSTER_ROLE
    return _document(kind, role, rules=role.rules)


def role_binding_document(binding: Binding) -> Document:
    """Return a RoleBinding or ClusterRoleBinding as its manifest."""
    row = binding.row
    kind = "RoleBinding" if row.namespace else "ClusterRoleBinding"
    reference = {"apiGroup": _KUBERNETES_RBAC, "kind": row.role_kind, "name": row.role_name}
    return _document(kind, row, roleRef=reference, subjects=list(_subjects(binding.subjects)))


def token_document(token: ApiToken, *, plaintext: str = "") -> Document:
    """Return a role's token as the Secret that Kargo keeps it in, its value redacted.

    ``plaintext`` is shown once: when the token is new.

    Raises:
        ValueError: It is a person's token, which Kargo knows nothing of.
    """
    account = token.service_account
    if account is None:
        raise ValueError(token.name)
    dates = {EXPIRES_AT: token.expires_at, LAST_USED_AT: token.last_used_at}
    annotations = {TOKEN_OF: account.name, MANAGED: TRUE}
    annotations |= {key: _timestamp(at) for key, at in dates.items() if at is not None}
    labels = {API_TOKEN: TRUE}
    if token.last_used_at is not None:
        labels[LAST_USED_ON] = token.last_used_at.astimezone(UTC).date().isoformat()
    value = base64.b64encode((plaintext or REDACTED).encode()).decode()
    owner = {"apiVersion": _CORE_API, "kind": "ServiceAccount"}
    return {
        "apiVersion": _CORE_API,
        "kind": "Secret",
        "metadata": {
            "name": token.name,
            "namespace": account.namespace,
            "uid": str(token.uid),
            "creationTimestamp": _timestamp(token.created_at),
            "labels": labels,
            "annotations": annotations,
            "ownerReferences": [{**owner, "name": account.name, "uid": str(account.uid)}],
        },
        "type": "kubernetes.io/service-account-token",
        "data": {"token": value},
    }


def token_list_document(tokens: Iterable[Document]) -> Document:
    """Return tokens as a list of Secrets."""
    return {
        "apiVersion": _CORE_API,
        "kind": "SecretList",
        "metadata": {},
        "items": list(tokens),
    }


def binding_with_subjects(row: RoleBinding) -> Binding:
    """Return a stored binding with whom it names."""
    rows = row.subjects.order_by("namespace", "name").values_list("namespace", "name")
    return Binding(row, tuple(rows))


def _document(
    kind: str, row: AccessObject, *, api_version: str = KUBERNETES_RBAC_API, **parts: JSONValue
) -> Document:
    metadata: Document = {"name": row.name}
    if row.namespace:
        metadata["namespace"] = row.namespace
    metadata["uid"] = str(row.uid)
    metadata["resourceVersion"] = _revision(row, parts)
    metadata["creationTimestamp"] = _timestamp(row.created_at)
    given = {"labels": row.labels, "annotations": row.annotations}
    metadata |= {key: dict(value) for key, value in given.items() if value}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **parts}


def _revision(row: AccessObject, parts: Mapping[str, JSONValue]) -> str:
    """Return a number that differs whenever the object does, for clients that compare it."""
    content = [str(row.uid), row.labels, row.annotations, parts]
    digest = hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).digest()
    return str(int.from_bytes(digest[:_REVISION_BYTES]))


def _subjects(subjects: Iterable[Subject]) -> Iterable[JSONValue]:
    for namespace, name in subjects:
        yield {"kind": "ServiceAccount", "namespace": namespace, "name": name}


def _timestamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
