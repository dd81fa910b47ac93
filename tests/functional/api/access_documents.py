"""Manifests of access objects, and requests that carry them."""

from typing import Any

import yaml
from django.test import Client

PATH = "/v1beta1/resources"
KARGO, RBAC = "kargo.akuity.io", "rbac.authorization.k8s.io"
CLAIMS = "rbac.kargo.akuity.io/claims"
ALL_STAGES = {"apiGroups": [KARGO], "resources": ["stages"], "verbs": ["get", "list"]}
WRITE_PROMOTIONS = {"apiGroups": [KARGO], "resources": ["promotions"], "verbs": ["update"]}


def account(name: str = "robot", *, namespace: str = "demo", **annotations: str) -> dict[str, Any]:
    """Return a ServiceAccount with annotations of Kargo's."""
    keyed = {f"rbac.kargo.akuity.io/{key}": value for key, value in annotations.items()}
    metadata = {"name": name, "namespace": namespace, "annotations": keyed}
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}


def role(name: str = "robot", *rules: object, namespace: str = "demo") -> dict[str, Any]:
    """Return a Role, or without a namespace a ClusterRole."""
    kind = "Role" if namespace else "ClusterRole"
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": kind,
        "metadata": metadata,
        "rules": list(rules) or [ALL_STAGES],
    }


def binding(
    name: str = "robot",
    *,
    to: str = "Role/robot",
    subjects: tuple[str, ...] = ("demo/robot",),
    namespace: str = "demo",
) -> dict[str, Any]:
    """Return a RoleBinding, or without a namespace a ClusterRoleBinding."""
    kind, _, referred = to.partition("/")
    named = [dict(zip(("namespace", "name"), it.split("/"), strict=True)) for it in subjects]
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "RoleBinding" if namespace else "ClusterRoleBinding",
        "metadata": metadata,
        "roleRef": {"apiGroup": RBAC, "kind": kind, "name": referred},
        "subjects": [{"kind": "ServiceAccount", **it} for it in named],
    }


def put(client: Client, *documents: object) -> Any:
    """Create or replace what the documents describe."""
    text = yaml.safe_dump_all(documents)
    return client.put(f"{PATH}?upsert=true", data=text, content_type="text/plain")


def drop(client: Client, *documents: object) -> Any:
    """Delete what the documents name."""
    return client.delete(PATH, data=yaml.safe_dump_all(documents), content_type="text/plain")
