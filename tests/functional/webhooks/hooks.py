"""A place with webhook receivers, made through manifests, and deliveries to them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from common.clock import now
from common.jsontypes import JSONObject, JSONValue
from projects.models import Project, Tenant
from projects.models.secret import SYSTEM_NAMESPACE
from projects.selectors import cluster_config_of, project_config_of
from promotions.engine.webhooks.receivers import RECEIVERS
from promotions.manifests.writers import write_manifest
from promotions.models import Promotion, Warehouse
from promotions.services.apply import apply_document
from rbac.actors import operator_at_console
from tests.unit.engine.webhooks.samples import KEY, proof

KARGO = "kargo.akuity.io/v1alpha1"
GIT = "https://github.com/acme/shop.git"
ACTOR = operator_at_console("hooks")


@dataclass
class Hooks:
    """A project of a tenant, and a client that nobody has signed in with."""

    project: Project
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    @property
    def tenant(self) -> Tenant:
        return self.project.tenant

    def apply(self, content: JSONObject) -> Any:
        """Apply one manifest and return the row."""
        return apply_document(content, tenant=self.tenant, actor=ACTOR, now=now()).resource

    def secret(self, name: str = "hook", *, namespace: str = "", **values: str) -> None:
        metadata = {"name": name, "namespace": namespace or self.project.name}
        document: JSONObject = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata}
        self.apply({**document, "stringData": values or {"secret": KEY.decode()}})

    def configure(self, *receivers: JSONObject) -> None:
        """Apply the project's configuration, with these receivers."""
        name = self.project.name
        self._configure("ProjectConfig", {"name": name, "namespace": name}, receivers)

    def configure_cluster(self, *receivers: JSONObject) -> None:
        self._configure("ClusterConfig", {"name": "cluster"}, receivers)

    def _configure(
        self, kind: str, metadata: JSONObject, receivers: tuple[JSONObject, ...]
    ) -> None:
        spec = {"webhookReceivers": list(receivers)}
        self.apply({"apiVersion": KARGO, "kind": kind, "metadata": metadata, "spec": spec})

    def warehouse(
        self, name: str = "main", *subscriptions: JSONValue, labels: JSONObject | None = None
    ) -> Warehouse:
        """Apply a Warehouse; without subscriptions it watches the branch ``trunk`` of ``GIT``."""
        metadata: JSONObject = {
            "name": name,
            "namespace": self.project.name,
            "labels": labels or {},
        }
        watched = list(subscriptions) or [{"git": {"repoURL": GIT, "branch": "trunk"}}]
        row = self.apply(
            {
                "apiVersion": KARGO,
                "kind": "Warehouse",
                "metadata": metadata,
                "spec": {"subscriptions": watched},
            }
        )
        assert isinstance(row, Warehouse)
        return row

    def status(self) -> dict[str, Any]:
        """Return the status of the project's configuration."""
        status: dict[str, Any] = write_manifest(project_config_of(self.project))["status"]
        return status

    def cluster_status(self) -> dict[str, Any]:
        status: dict[str, Any] = write_manifest(cluster_config_of(self.tenant))["status"]
        return status

    def path(self, name: str = "hook") -> str:
        """Return where a receiver of the project listens."""
        return _path(self.status(), name)

    def cluster_path(self, name: str = "hook") -> str:
        return _path(self.cluster_status(), name)

    def receiver(self, kind: str, *, actions: JSONValue = None) -> str:
        """Give the project one receiver of a kind, and its Secret; return its path."""
        key = RECEIVERS[kind].secret_key if kind in RECEIVERS else "secret"
        self.secret(**{key: KEY.decode()})
        self.configure(entry(kind, actions=actions))
        return self.path()

    def send(self, path: str, payload: JSONValue, headers: Mapping[str, str] | None = None) -> Any:
        """Deliver ``payload`` to a receiver, with the proof that its kind asks for."""
        kind = path.split("/")[-2]
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        proven = {**proof(kind, body), **(headers or {})}
        return self.client.post(path, body, content_type="application/json", headers=proven)


def entry(
    kind: str, name: str = "hook", kept_in: str = "hook", *, actions: JSONValue = None
) -> JSONObject:
    """Return an entry of ``webhookReceivers``; ``kept_in`` is the name of its Secret."""
    settings = {"actions": actions} if actions is not None else {}
    return {"name": name, kind: {"secretRef": {"name": kept_in}, **settings}}


def push(url: str = GIT, ref: str = "refs/heads/trunk", *files: str) -> JSONObject:
    """Return what GitHub says of a push."""
    commits = [{"modified": list(files)}] if files else []
    return {"ref": ref, "repository": {"clone_url": url}, "commits": commits}


PUSH = {"X-GitHub-Event": "push"}
SYSTEM = SYSTEM_NAMESPACE


def is_refreshed(row: Warehouse | Promotion) -> bool:
    """Return whether somebody asked to look at it again, and nobody has yet."""
    current = type(row).objects.get(pk=row.pk)
    return current.refresh_token != current.handled_refresh


def _path(status: Mapping[str, Any], name: str) -> str:
    found = {it["name"]: it["path"] for it in status.get("webhookReceivers", [])}
    return str(found[name])
