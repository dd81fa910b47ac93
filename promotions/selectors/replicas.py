"""Which Secrets and ConfigMaps are there in a namespace: its own, and replicas of shared ones.

A shared object with the annotation ``kargo.akuity.io/replicate-to: "*"`` is there in every
project, unless the project has one of that name itself. A replica has no row: it is the shared
object, seen from a project.

Source: Kargo ``pkg/controller/management`` replication of shared resources.
"""

import copy
import hashlib
from collections.abc import Iterable
from typing import Any, TypeVar
from uuid import UUID, uuid5

import orjson
from django.db.models import QuerySet

from common.errors import ConflictError
from projects.models import ConfigMap, Project, Secret
from projects.models.secret import SHARED_NAMESPACE, SYSTEM_NAMESPACE
from promotions.manifests.metadata import LAST_APPLIED, PREFIX, timestamp

REPLICATE_TO = f"{PREFIX}replicate-to"
REPLICATED_FROM = f"{PREFIX}replicated-from"
REPLICATED_SHA = f"{PREFIX}replicated-sha"
REPLICATED_AT = f"{PREFIX}replicated-at"
EVERYWHERE = "*"

_BOOKKEEPING = frozenset(
    {REPLICATE_TO, REPLICATED_FROM, REPLICATED_SHA, REPLICATED_AT, LAST_APPLIED}
)
_OWN_NAMESPACES = frozenset({SHARED_NAMESPACE, SYSTEM_NAMESPACE})
_SHA_LENGTH = 16

RowT = TypeVar("RowT", Secret, ConfigMap)


def secrets_in(namespace: str, *, tenant_uid: UUID | str) -> list[Secret]:
    """Return the Secrets of a namespace by name; a replica is the row of the shared Secret."""
    rows = Secret.objects.filter(tenant__uid=tenant_uid).select_related("tenant", "project")
    return _by_name(rows, namespace)


def config_maps_in(namespace: str, *, tenant_uid: UUID | str) -> list[ConfigMap]:
    """Return the ConfigMaps of a namespace by name; a replica is the row of the shared one."""
    rows = ConfigMap.objects.filter(tenant__uid=tenant_uid).select_related("tenant", "project")
    return _by_name(rows, namespace)


def secret_in(namespace: str, name: str, *, tenant_uid: UUID | str) -> Secret | None:
    """Return a Secret of a namespace, its own or the shared one behind a replica, if any."""
    rows = Secret.objects.filter(tenant__uid=tenant_uid, name=name)
    return next(iter(_by_name(rows.select_related("tenant", "project"), namespace)), None)


def config_map_in(namespace: str, name: str, *, tenant_uid: UUID | str) -> ConfigMap | None:
    """Return a ConfigMap of a namespace, its own or the shared one behind a replica, if any."""
    rows = ConfigMap.objects.filter(tenant__uid=tenant_uid, name=name)
    return next(iter(_by_name(rows.select_related("tenant", "project"), namespace)), None)


def credentials_in(namespace: str, kind: str, *, tenant_uid: UUID | str) -> list[Secret]:
    """Return the Secrets of a namespace that are credentials of a kind for some repository."""
    everything = Secret.objects.filter(tenant__uid=tenant_uid).select_related("tenant")
    rows = everything.filter(credential_type=kind).exclude(repo_url="")
    own = list(rows.filter(namespace=namespace))
    replicated = list(_replicated(rows, namespace))
    # An own Secret hides a replica of its name, whatever kind it is of.
    hiding = everything.filter(namespace=namespace, name__in=[it.name for it in replicated])
    hidden = set(hiding.values_list("name", flat=True)) if replicated else set()
    return [*own, *(it for it in replicated if it.name not in hidden)]


def is_replicated(row: Secret | ConfigMap) -> bool:
    """Return whether a shared object is there in every project."""
    wanted = row.annotations.get(REPLICATE_TO) == EVERYWHERE
    is_shared = row.namespace == SHARED_NAMESPACE
    return wanted and is_shared and (isinstance(row, ConfigMap) or bool(row.credential_type))


def seen_from(project: Project, row: RowT) -> RowT:
    """Return a row as a project has it: its own as it is, a shared one as a replica.

    What is returned of a shared one is for showing; it is never to be saved.
    """
    if row.namespace == project.name:
        return row
    replica = copy.copy(row)
    replica.namespace, replica.project = project.name, project
    replica.uid = uuid5(project.uid, str(row.uid))
    replica.created_at = max(row.created_at, project.created_at)
    replica.labels = {
        **row.labels,
        REPLICATED_FROM: SHARED_NAMESPACE,
        REPLICATED_SHA: _sha(row),
    }
    kept = {key: it for key, it in row.annotations.items() if key not in _BOOKKEEPING}
    replica.annotations = {**kept, REPLICATED_AT: timestamp(row.updated_at)}
    return replica


def refuse_secret_over_replica(tenant_uid: UUID, namespace: str, name: str) -> None:
    """Return if no replica has the name that a new Secret is to have.

    Raises:
        ConflictError: One has.
    """
    _refuse("secrets", secret_in(namespace, name, tenant_uid=tenant_uid))


def refuse_config_map_over_replica(tenant_uid: UUID, namespace: str, name: str) -> None:
    """Return if no replica has the name that a new ConfigMap is to have.

    Raises:
        ConflictError: One has.
    """
    _refuse("configmaps", config_map_in(namespace, name, tenant_uid=tenant_uid))


def _refuse(plural: str, row: Secret | ConfigMap | None) -> None:
    if row is not None:
        raise ConflictError(
            f'{plural} "{row.name}" already exists: it is a replica of the one in '
            f'"{row.namespace}"; change that one, or choose another name',
            code="replica",
        )


def _by_name(rows: QuerySet[RowT], namespace: str) -> list[RowT]:
    found = {row.name: row for row in _replicated(rows, namespace)}
    found.update({row.name: row for row in rows.filter(namespace=namespace)})
    return [found[name] for name in sorted(found)]


def _replicated(rows: QuerySet[RowT], namespace: str) -> Iterable[RowT]:
    if namespace in _OWN_NAMESPACES:
        return ()
    return filter(is_replicated, rows.filter(namespace=SHARED_NAMESPACE))


def _sha(row: Secret | ConfigMap) -> str:
    """Return what changes when the source does.

    Of a Secret its revision stands for its values: a hash of those would help to guess them.
    """
    data: Any = row.data if isinstance(row, ConfigMap) else [str(row.uid), row.revision]
    annotations = {key: it for key, it in row.annotations.items() if key not in _BOOKKEEPING}
    framed = orjson.dumps([data, row.labels, annotations], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(framed).hexdigest()[:_SHA_LENGTH]
