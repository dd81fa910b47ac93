"""Answers what steps and expressions may ask of the platform's own objects."""

from collections.abc import Mapping

from common.jsontypes import JSONObject, as_list, as_object, as_text
from common.redaction import note_secrets
from projects.encryption import decrypt
from projects.models import ClusterConfig, Secret
from projects.models.secret import SHARED_NAMESPACE, SYSTEM_NAMESPACE
from promotions.manifests import freight as freight_manifests
from promotions.models import Freight, Stage, Warehouse
from promotions.ports.control_plane import GitIdentity
from promotions.ports.credentials import CredentialType
from promotions.selectors import replicas
from promotions.selectors.credentials import SHOWN_KEYS

_GENERIC = "generic"
_REPOSITORIES = frozenset(CredentialType)


class DatabaseControlPlane:
    """The platform's objects as the database has them."""

    def git_identity(self, *, tenant_uid: str) -> GitIdentity:
        """Return the identity that the tenant's ClusterConfig sets, with Kargo's defaults."""
        config = ClusterConfig.objects.filter(tenant__uid=tenant_uid).first()
        client = as_object(config.spec.get("gitClient")) if config else {}
        default = GitIdentity()
        return GitIdentity(
            name=as_text(client.get("name")) or default.name,
            email=as_text(client.get("email")) or default.email,
            signing_key=_signing_key(tenant_uid, client),
        )

    def warehouse_subscriptions(
        self, *, tenant_uid: str, project: str, warehouse: str
    ) -> tuple[JSONObject, ...] | None:
        """Return the Warehouse's subscriptions as in its manifest, or ``None`` if it is gone."""
        row = Warehouse.objects.filter(
            project__tenant__uid=tenant_uid, project__name=project, name=warehouse
        ).first()
        if row is None:
            return None
        return tuple(as_object(it) for it in as_list(row.spec.get("subscriptions")))

    def freight_metadata(self, *, tenant_uid: str, project: str, name: str) -> JSONObject | None:
        """Return a Freight's metadata by key, or ``None`` if it has none or does not exist."""
        row = Freight.objects.filter(
            project__tenant__uid=tenant_uid, project__name=project, name=name
        ).first()
        return (row.metadata or None) if row else None

    def freight_status(self, *, tenant_uid: str, project: str, name: str) -> JSONObject | None:
        """Return a Freight's status as its manifest shows it, or ``None`` if there is none."""
        row = (
            Freight.objects.filter(
                project__tenant__uid=tenant_uid, project__name=project, name=name
            )
            .select_related("project__tenant", "warehouse")
            .first()
        )
        return as_object(freight_manifests.to_manifest(row).get("status")) if row else None

    def stage_metadata(self, *, tenant_uid: str, project: str, name: str) -> JSONObject | None:
        """Return a Stage's metadata by key, or ``None`` if it has none or does not exist."""
        row = Stage.objects.filter(
            project__tenant__uid=tenant_uid, project__name=project, name=name
        ).first()
        return (row.metadata or None) if row else None

    def config_map(self, *, tenant_uid: str, project: str, name: str, shared: bool) -> JSONObject:
        """Return a ConfigMap's data; empty if it is missing."""
        namespace = SHARED_NAMESPACE if shared else project
        row = replicas.config_map_in(namespace, name, tenant_uid=tenant_uid)
        data: Mapping[str, str] = row.data if row else {}
        return data

    def secret(self, *, tenant_uid: str, project: str, name: str, shared: bool) -> JSONObject:
        """Return a Secret's data; empty if it is missing, or shared and not a generic one.

        Source: Kargo's ``getSecret``, which reads every Secret of the project, whatever its type.
        """
        namespace = SHARED_NAMESPACE if shared else project
        row = replicas.secret_in(namespace, name, tenant_uid=tenant_uid)
        if row is None or (shared and row.credential_type != _GENERIC):
            return {}
        return _values(row, tenant_uid)


def _signing_key(tenant_uid: str, client: JSONObject) -> str:
    name = as_text(as_object(client.get("signingKeySecret")).get("name"))
    if not name:
        return ""
    row = Secret.objects.filter(
        tenant__uid=tenant_uid, namespace=SYSTEM_NAMESPACE, name=name
    ).first()
    return _values(row, tenant_uid).get("signingKey", "") if row else ""


def _values(row: Secret, tenant_uid: str) -> dict[str, str]:
    """Return what a Secret holds, which is not to be shown from now on."""
    values = decrypt(row.encrypted, tenant_uid=tenant_uid, bound_to=str(row.uid))
    shown = SHOWN_KEYS if row.credential_type in _REPOSITORIES else frozenset()
    note_secrets(it for key, it in values.items() if key not in shown)
    return values
