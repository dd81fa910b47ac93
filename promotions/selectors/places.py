"""Where Secrets and ConfigMaps are: a project, or one of the tenant's own namespaces."""

from collections.abc import Iterable
from dataclasses import dataclass

from common.errors import ConflictError, NotFoundError
from projects.encryption import Reader
from projects.models import ConfigMap, Project, Secret, Tenant
from promotions.manifests.credential import USERNAME
from promotions.manifests.secret import CREDENTIAL_LABEL
from promotions.selectors import replicas


@dataclass(frozen=True, slots=True)
class Place:
    """A namespace of a tenant; ``project`` is ``None`` for the shared and the system one."""

    tenant: Tenant
    namespace: str
    project: Project | None = None


def credentials_at(place: Place, types: Iterable[str]) -> list[Secret]:
    """Return the Secrets of these credential types by name, replicas of shared ones among them.

    For showing: a replica is never to be saved.
    """
    wanted = frozenset(types)
    rows = replicas.secrets_in(place.namespace, tenant_uid=place.tenant.uid)
    return [it for it in rows if it.credential_type in wanted]


def credential_at(place: Place, name: str, types: Iterable[str]) -> Secret:
    """Return the Secret of that name; behind a replica, the shared one.

    Raises:
        NotFoundError: There is none.
        ConflictError: There is one, of none of these credential types.
    """
    row = replicas.secret_in(place.namespace, name, tenant_uid=place.tenant.uid)
    if row is None:
        raise NotFoundError(f'secrets "{name}" not found')
    wanted = sorted(types)
    if row.credential_type not in wanted:
        kinds = " or ".join(wanted)
        raise ConflictError(
            f'secrets "{name}" exists, but its label {CREDENTIAL_LABEL} is not {kinds}'
        )
    return row


def config_maps_at(place: Place) -> list[ConfigMap]:
    """Return the ConfigMaps by name, replicas of shared ones among them."""
    return replicas.config_maps_in(place.namespace, tenant_uid=place.tenant.uid)


def config_map_at(place: Place, name: str) -> ConfigMap:
    """Return the ConfigMap of that name; behind a replica, the shared one.

    Raises:
        NotFoundError: There is none.
    """
    row = replicas.config_map_in(place.namespace, name, tenant_uid=place.tenant.uid)
    if row is None:
        raise NotFoundError(f'configmaps "{name}" not found')
    return row


def usernames_of(secrets: Iterable[Secret], *, tenant: Tenant) -> list[str]:
    """Return the username in each of these Secrets, empty where there is none."""
    reader = Reader(tenant.uid)
    return [
        reader.decrypt(it.encrypted, bound_to=str(it.uid)).get(USERNAME, "")
        if USERNAME in it.keys
        else ""
        for it in secrets
    ]
