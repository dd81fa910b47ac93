"""One fake Argo CD: everything that its two transports share, and how a test looks at it."""

import copy
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.argocd.accounts import Accounts
from tests.fakes.argocd.clock import VirtualClock
from tests.fakes.argocd.controller import Controller, is_busy, refresh_of
from tests.fakes.argocd.faults import Fault, Faults
from tests.fakes.argocd.identities import Identities
from tests.fakes.argocd.jobs import JobController
from tests.fakes.argocd.patches import merged
from tests.fakes.argocd.recording import (
    ATTEMPT_INFO,
    PROMOTION_INFO,
    Accepted,
    Record,
    Written,
    info_of,
)
from tests.fakes.argocd.store import APPLICATIONS, Document, Key, Store
from tests.fakes.argocd.streams import StreamFaults

AUTHORIZED_STAGE = "kargo.akuity.io/authorized-stage"


@dataclass
class Settings:
    """How this Argo CD is installed.

    Attributes:
        namespace: Where Argo CD itself lives.
        namespaces: Others where Applications may live.
        root_path: Below which argocd-server answers, such as ``/argo``.
        broken_repositories: Those that argocd-server cannot reach when it validates a spec.
        has_crds: Whether the Kubernetes API knows of Applications.
        allows_replace: Whether ``Replace=true`` is let through.
        second: How long a second of latency lasts for real.
        keepalive_seconds: Between comments in an event stream.
        bookmark_seconds: Between bookmarks in a watch.
        passing_seconds: How long time moves by itself for one who waits for a refresh.
    """

    namespace: str = "argocd"
    namespaces: tuple[str, ...] = ()
    root_path: str = ""
    version: str = "v3.1.0+fake"
    kubernetes_version: str = "v1.33.0"
    broken_repositories: set[str] = field(default_factory=set)
    has_crds: bool = True
    allows_replace: bool = True
    second: float = 0.02
    keepalive_seconds: float = 15
    bookmark_seconds: float = 60
    passing_seconds: int = 0


@dataclass
class Site:
    """A running fake. Addresses and tokens are ready to use.

    Attributes:
        rest_url: Of argocd-server, with its root path.
        kubernetes_url: Of the Kubernetes API.
        token: Of the account ``promoter``, for ``rest_url``.
        kubernetes_token: Of the service account ``promoter``, for ``kubernetes_url``.
        ca_pem: The authority that signed the certificate; empty without TLS.
        fingerprint: SHA-256 of the leaf certificate in lower-case hexadecimal; empty without TLS.
        server_name: What the certificate is for.
    """

    clock: VirtualClock
    store: Store
    controller: Controller
    accounts: Accounts
    identities: Identities
    jobs: JobController
    settings: Settings = field(default_factory=Settings)
    record: Record = field(default_factory=Record)
    faults: Faults = field(default_factory=Faults)
    streams: StreamFaults = field(default_factory=StreamFaults)
    rest_url: str = ""
    kubernetes_url: str = ""
    token: str = ""
    kubernetes_token: str = ""
    ca_pem: str = ""
    fingerprint: str = ""
    server_name: str = ""

    def app(self, name: str, namespace: str = "argocd") -> Document:
        """Return an Application as it is now."""
        return self.store.get(APPLICATIONS, namespace, name)

    def set(self, name: str, patch: Document, *, namespace: str = "argocd") -> Document:
        """Merge a patch into an Application, as if somebody else had done it."""
        key = Key(APPLICATIONS, namespace, name)
        return self.store.change(key, lambda app: merged(app, patch))

    def fail(self, *faults: Fault) -> None:
        """Let something go wrong."""
        self.faults.add(*faults)

    def token_of(self, name: str, **options: Any) -> str:
        """Return a new token of an account of argocd-server."""
        return self.accounts.token(name, **options)

    def wrote(self, transport: str, before: Document, after: Document) -> None:
        """Take down what a caller changed in an Application, and what it must not have."""
        meta = after["metadata"]
        annotations = before["metadata"].get("annotations") or {}
        stage = str(annotations.get(AUTHORIZED_STAGE, ""))
        place = (self.clock.now(), transport, meta["namespace"], meta["name"])
        if after.get("spec") != before.get("spec"):
            self.record.writes.append(Written(*place, "spec", stage))
        if refresh_of(after) and refresh_of(after) != refresh_of(before):
            self.record.writes.append(Written(*place, f"refresh:{refresh_of(after)}", stage))
        operation = after.get("operation")
        if not operation or operation == before.get("operation"):
            return
        if is_busy(before):
            self.record.violations.append(f"overwrote a running operation of {meta['name']}")
        self.record.writes.append(Written(*place, "operation", stage))
        promotion = info_of(operation, PROMOTION_INFO)
        attempt = info_of(operation, ATTEMPT_INFO)
        self.record.operations.append(
            Accepted(*place, promotion, attempt, copy.deepcopy(operation), meta.get("uid", ""))
        )


def application(  # noqa: PLR0913 - the parts of an Application
    name: str,
    *,
    namespace: str = "argocd",
    project: str = "default",
    sources: list[Document] | None = None,
    stage: str = "",
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
    spec: Document | None = None,
    status: Document | None = None,
) -> Document:
    """Return an Application; ``stage`` such as ``shop:prod`` may touch it.

    One source is written as ``spec.source``, several as ``spec.sources``.
    """
    git = {"repoURL": "https://git.example/cfg.git", "path": name, "targetRevision": "main"}
    chosen = [git] if sources is None else sources
    written: Document = {"source": chosen[0]} if len(chosen) == 1 else {"sources": chosen}
    notes = {**({AUTHORIZED_STAGE: stage} if stage else {}), **(annotations or {})}
    return {
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": labels or {},
            "annotations": notes,
        },
        "spec": {
            "project": project,
            "destination": {"server": "https://kubernetes.default.svc", "namespace": name},
            **(written if chosen else {}),
            **(spec or {}),
        },
        **({"status": status} if status is not None else {}),
    }


def project(name: str = "default", **spec: Any) -> Document:
    """Return an AppProject that allows everything, such as ``project(syncWindows=[...])``."""
    allowed = {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}]}
    return {"metadata": {"name": name, "namespace": "argocd"}, "spec": {**allowed, **spec}}


def deployment(settings: Settings) -> Document:
    """Return the Deployment of argocd-server, whose image tells Argo CD's version."""
    image = f"quay.io/argoproj/argocd:{settings.version.partition('+')[0]}"
    pod: Document = {"spec": {"containers": [{"name": "argocd-server", "image": image}]}}
    labels = {"app.kubernetes.io/name": "argocd-server", "app.kubernetes.io/part-of": "argocd"}
    return {
        "metadata": {"name": "argocd-server", "namespace": settings.namespace, "labels": labels},
        "spec": {"template": pod},
    }
