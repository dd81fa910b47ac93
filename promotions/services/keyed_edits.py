"""Creates and changes Secrets and ConfigMaps key by key, through the services of their manifests.

Values that stay are never read: the mark for a value that is not shown stands for them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar, cast

from django.db import transaction

from common.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from common.models import Resource
from projects.models import ConfigMap, Secret
from promotions.manifests.config_map import ConfigMapManifest
from promotions.manifests.credential import DESCRIPTION, REPLICATE_TO
from promotions.manifests.kinds import read_manifest
from promotions.manifests.metadata import CORE_API
from promotions.manifests.secret import CREDENTIAL_LABEL, REDACTED, SecretManifest
from promotions.selectors import replicas
from promotions.selectors.places import Place, config_map_at, credential_at
from promotions.services.config_maps import delete_config_map, save_config_map
from promotions.services.saving import Outcome, Saved
from promotions.services.secrets import delete_secret, save_secret
from rbac.actors import Actor

RowT = TypeVar("RowT", Secret, ConfigMap)

EMPTY = "no_data"
"""The code of an :class:`InvalidError` about an object that would have no keys."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What to make of an object; ``None`` leaves something as it is, an empty text clears it.

    Attributes:
        values: Keys to set. In a Secret, the redaction mark keeps what is stored, if anything is.
        removed: Keys to take away.
        is_whole: Keys that are not among the ``values`` go too.
        replicate: Whether a shared object is there in every project.
        type: The Secret's type in Kubernetes' terms; only when it is created.
    """

    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    removed: frozenset[str] = frozenset()
    is_whole: bool = False
    description: str | None = None
    replicate: bool | None = None
    credential_type: str | None = None
    type: str | None = None


@transaction.atomic
def create_credential(
    place: Place, name: str, edit: Edit, *, actor: Actor, now: datetime
) -> Secret:
    """Create a Secret.

    Raises:
        ConflictError: There is one of that name.
        InvalidError: The name or a key is none, or there are no keys.
    """
    _refuse_taken(replicas.secret_in(place.namespace, name, tenant_uid=place.tenant.uid), name)
    values = _edited({}, edit)
    saved = _save_secret(place, name, edit, values, stored=None, actor=actor, now=now)
    return _created(saved, name)


@transaction.atomic
def update_credential(
    place: Place, name: str, edit: Edit, *, types: Iterable[str], actor: Actor, now: datetime
) -> Secret:
    """Change a Secret of one of the credential ``types``.

    Raises:
        NotFoundError: There is none of that name.
        ConflictError: It is of another type.
        ForbiddenError: It is a replica.
        InvalidError: A key is none, or no keys would be left.
    """
    locked = _own(place, credential_at(place, name, types))
    values = _edited(dict.fromkeys(locked.keys, REDACTED), edit)
    return _save_secret(place, name, edit, values, stored=locked, actor=actor, now=now).resource


@transaction.atomic
def delete_credential(
    place: Place, name: str, *, types: Iterable[str], actor: Actor, now: datetime
) -> None:
    """Delete a Secret of one of the credential ``types``.

    Raises:
        NotFoundError: There is none of that name.
        ConflictError: It is of another type.
        ForbiddenError: It is a replica.
    """
    stored = _own(place, credential_at(place, name, types))
    delete_secret(stored, actor=actor, now=now)


@transaction.atomic
def create_config_map(
    place: Place, name: str, edit: Edit, *, actor: Actor, now: datetime
) -> ConfigMap:
    """Create a ConfigMap.

    Raises:
        ConflictError: There is one of that name.
        InvalidError: The name or a key is none, or there are no keys.
    """
    taken = replicas.config_map_in(place.namespace, name, tenant_uid=place.tenant.uid)
    _refuse_taken(taken, name)
    values = _edited({}, edit)
    saved = _save_config_map(place, name, edit, values, stored=None, actor=actor, now=now)
    return _created(saved, name)


@transaction.atomic
def update_config_map(
    place: Place, name: str, edit: Edit, *, actor: Actor, now: datetime
) -> ConfigMap:
    """Change a ConfigMap.

    Raises:
        NotFoundError: There is none of that name.
        ForbiddenError: It is a replica.
        InvalidError: A key is none, or no keys would be left.
    """
    locked = _own(place, config_map_at(place, name))
    values = _edited(locked.data, edit)
    return _save_config_map(place, name, edit, values, stored=locked, actor=actor, now=now).resource


@transaction.atomic
def remove_config_map(place: Place, name: str, *, actor: Actor, now: datetime) -> None:
    """Delete a ConfigMap by its name.

    Raises:
        NotFoundError: There is none.
        ForbiddenError: It is a replica.
    """
    stored = _own(place, config_map_at(place, name))
    delete_config_map(stored, actor=actor, now=now)


def _edited(stored: Mapping[str, str], edit: Edit) -> dict[str, str]:
    """Return an object's keys and values after an edit; a key that is removed and set is set."""
    start = {} if edit.is_whole else dict(stored)
    kept = {key: it for key, it in start.items() if key not in edit.removed}
    given = {key: it for key, it in edit.values.items() if it != REDACTED or key in stored}
    values = {**kept, **given}
    if not values:
        raise InvalidError("data must not be empty; delete the object instead", code=EMPTY)
    return values


def _save_secret(
    place: Place,
    name: str,
    edit: Edit,
    values: Mapping[str, str],
    *,
    stored: Secret | None,
    actor: Actor,
    now: datetime,
) -> Saved[Secret]:
    labels = dict(stored.labels) if stored else {}
    if edit.credential_type:
        labels[CREDENTIAL_LABEL] = edit.credential_type
    document = {
        **_envelope("Secret", place, name, edit, stored),
        "type": stored.type if stored else edit.type or "Opaque",
        "stringData": dict(values),
    }
    document["metadata"]["labels"] = labels
    manifest = cast("SecretManifest", read_manifest(document).manifest)
    return save_secret(place.tenant, place.project, manifest, actor=actor, now=now)


def _save_config_map(
    place: Place,
    name: str,
    edit: Edit,
    values: Mapping[str, str],
    *,
    stored: ConfigMap | None,
    actor: Actor,
    now: datetime,
) -> Saved[ConfigMap]:
    document = {**_envelope("ConfigMap", place, name, edit, stored), "data": dict(values)}
    document["metadata"]["labels"] = dict(stored.labels) if stored else {}
    manifest = cast("ConfigMapManifest", read_manifest(document).manifest)
    return save_config_map(place.tenant, place.project, manifest, actor=actor, now=now)


def _envelope(
    kind: str, place: Place, name: str, edit: Edit, stored: Resource | None
) -> dict[str, Any]:
    annotations = dict(stored.annotations) if stored else {}
    replicate = None if edit.replicate is None else "*" if edit.replicate else ""
    for key, value in ((DESCRIPTION, edit.description), (REPLICATE_TO, replicate)):
        if value:
            annotations[key] = value
        elif value is not None:
            annotations.pop(key, None)
    metadata = {"name": name, "namespace": place.namespace, "annotations": annotations}
    return {"apiVersion": CORE_API, "kind": kind, "metadata": metadata}


def _refuse_taken(taken: Resource | None, name: str) -> None:
    if taken is not None:
        raise _taken(f"{type(taken).__name__.lower()}s", name)


def _created(saved: Saved[RowT], name: str) -> RowT:
    """Return what was created; if somebody was quicker, nothing is stored."""
    if saved.outcome is not Outcome.CREATED:
        raise _taken(f"{type(saved.resource).__name__.lower()}s", name)
    return saved.resource


def _taken(plural: str, name: str) -> ConflictError:
    return ConflictError(f'{plural} "{name}" already exists', code="exists")


def _own(place: Place, row: RowT) -> RowT:
    """Return a row that is the place's own, locked.

    Raises:
        ForbiddenError: It is the shared one behind a replica.
        NotFoundError: Somebody has deleted it just now.
    """
    plural = f"{type(row).__name__.lower()}s"
    if row.namespace != place.namespace:
        where = f'it is a replica; change the one in "{row.namespace}"'
        raise ForbiddenError(f'{plural} "{row.name}" is forbidden: {where}')
    rows = type(row).objects.select_for_update(of=("self",))
    locked = rows.select_related("tenant", "project__tenant").filter(pk=row.pk).first()
    if locked is None:
        raise NotFoundError(f'{plural} "{row.name}" not found')
    return locked
