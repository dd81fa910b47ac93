"""Control planes for tests: what is said of them, and Argo CDs that say what they are told to."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from projects.models import ControlPlane, Tenant
from promotions.ports.argocd import ArgoCD, Findings, Permission, PlaneState, Scope
from promotions.ports.argocd_access import PlaneAccess
from promotions.services.control_plane_specs import manifest_of
from promotions.services.control_planes import register_control_plane
from rbac.actors import operator_at_console
from tests.factories.domain import NOON

ROOT = operator_at_console("tests")
SECRET = "s3cret-of-the-plane"


def register(tenant: Tenant, name: str = "main", **changes: Any) -> ControlPlane:
    """Return a new control plane; ``None`` leaves a key out."""
    spec = {
        "kind": "rest",
        "address": "https://argocd.example.com/root",
        "credential": {"token": SECRET},
        **changes,
    }
    manifest = manifest_of(name, {key: it for key, it in spec.items() if it is not None})
    return register_control_plane(tenant, manifest, actor=ROOT, now=NOON)


def token_ending(at: datetime) -> str:
    """Return a token that says when it ends."""
    claims = base64.urlsafe_b64encode(json.dumps({"exp": int(at.timestamp())}).encode()).decode()
    return f"e30.{claims.rstrip('=')}.c2ln"


def kubeconfig(*, user: Mapping[str, Any], **cluster: Any) -> str:
    """Return a kubeconfig with one context."""
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "here",
            "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": {"server": "https://10.0.0.1:6443", **cluster}}],
            "users": [{"name": "u", "user": dict(user)}],
        }
    )


@dataclass(slots=True)
class SaidArgoCDs:
    """Opens Argo CDs that accept some tokens, and keeps which were opened."""

    accepted: frozenset[str] = frozenset({SECRET})
    permissions: tuple[Permission, ...] = ()
    state: PlaneState = PlaneState.READY
    renewed_token: str = ""
    opened: list[PlaneAccess] = field(default_factory=list)

    def open(self, access: PlaneAccess) -> ArgoCD:
        self.opened.append(access)
        return _Said(self, access)  # type: ignore[return-value] # only what checks use


@dataclass(frozen=True, slots=True)
class _Said:
    world: SaidArgoCDs
    access: PlaneAccess

    def check(self, scopes: tuple[Scope, ...] = (), *, now: datetime) -> Findings:
        del scopes
        if self.access.token not in self.world.accepted:
            return Findings(PlaneState.UNAUTHORIZED, "Argo CD refuses the token.")
        return Findings(
            self.world.state,
            "" if self.world.state is PlaneState.READY else "Something is missing.",
            version="v3.1.0",
            permissions=self.world.permissions,
            token_expires_at=now + timedelta(days=365),
            renewed_token=self.world.renewed_token,
        )
