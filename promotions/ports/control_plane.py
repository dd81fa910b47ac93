"""What steps and expressions may ask of the platform's own objects."""

from dataclasses import dataclass
from typing import Protocol

from common.jsontypes import JSONObject, JSONValue


@dataclass(frozen=True, slots=True)
class GitIdentity:
    """Who authors commits; ``signing_key`` is an armoured GPG private key or empty."""

    name: str = "Kargo"
    email: str = "no-reply@kargo.io"
    signing_key: str = ""


class ControlPlane(Protocol):
    """Reads of one tenant's objects; a missing object is ``None`` or empty, never an error."""

    def git_identity(self, *, tenant_uid: str) -> GitIdentity:
        """Return the tenant's system identity for commits."""
        ...

    def warehouse_subscriptions(
        self, *, tenant_uid: str, project: str, warehouse: str
    ) -> tuple[JSONObject, ...] | None:
        """Return the Warehouse's subscriptions as in its manifest, or ``None`` if it is gone."""
        ...

    def freight_metadata(self, *, tenant_uid: str, project: str, name: str) -> JSONObject | None:
        """Return a Freight's metadata by key, or ``None`` if there is no such Freight."""
        ...

    def stage_metadata(self, *, tenant_uid: str, project: str, name: str) -> JSONObject | None:
        """Return a Stage's metadata by key, or ``None`` if there is no such Stage."""
        ...

    def config_map(self, *, tenant_uid: str, project: str, name: str, shared: bool) -> JSONObject:
        """Return a ConfigMap's data; empty if it is missing."""
        ...

    def secret(self, *, tenant_uid: str, project: str, name: str, shared: bool) -> JSONObject:
        """Return a generic Secret's data; empty if it is missing or of another type."""
        ...


MetadataValue = JSONValue
