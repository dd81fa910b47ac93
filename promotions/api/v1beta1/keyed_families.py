"""The three families of routes for what holds keys: ConfigMaps, generic and repository credentials.

A family says how its objects are found, changed and written; the views are the same for all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from projects.models import ConfigMap, Secret
from promotions.api.v1beta1.keyed_bodies import (
    ReadEdit,
    config_map_edit,
    generic_edit,
    repository_edit,
)
from promotions.manifests import config_map as config_map_manifests
from promotions.manifests.credential import GENERIC, REPOSITORY_TYPES, to_credential
from promotions.selectors.places import (
    Place,
    config_map_at,
    config_maps_at,
    credential_at,
    credentials_at,
    usernames_of,
)
from promotions.selectors.replicas import seen_from
from promotions.services import keyed_edits
from promotions.services.keyed_edits import Edit
from rbac.actors import Actor

Row = Secret | ConfigMap


class Create(Protocol):
    """Creates an object."""

    def __call__(self, place: Place, name: str, edit: Edit, *, actor: Actor, now: datetime) -> Row:
        """Return what was created."""
        ...


class Update(Protocol):
    """Changes an object."""

    def __call__(self, place: Place, name: str, edit: Edit, *, actor: Actor, now: datetime) -> Row:
        """Return what it is now."""
        ...


class Delete(Protocol):
    """Deletes an object."""

    def __call__(self, place: Place, name: str, *, actor: Actor, now: datetime) -> None:
        """Delete it."""
        ...


@dataclass(frozen=True, slots=True)
class Family:
    """Routes for one sort of objects.

    Attributes:
        segment: What stands in addresses.
        resource: What access is asked for, a plural.
        kind: In manifests.
        write: Returns the documents of rows as a place sees them.
    """

    segment: str
    resource: str
    kind: str
    read: ReadEdit
    rows: Callable[[Place], list[Any]]
    row: Callable[[Place, str], Any]
    write: Callable[[Place, list[Any]], list[dict[str, Any]]]
    create: Create
    update: Update
    delete: Delete

    @property
    def title(self) -> str:
        """The segment as part of a class's name."""
        return "".join(part.title() for part in self.segment.split("-"))


def _config_map_documents(place: Place, rows: list[ConfigMap]) -> list[dict[str, Any]]:
    return [config_map_manifests.to_manifest(_seen(place, row)) for row in rows]


def _credential_documents(place: Place, rows: list[Secret]) -> list[dict[str, Any]]:
    usernames = usernames_of(rows, tenant=place.tenant)
    return [
        to_credential(_seen(place, row), username=username)
        for row, username in zip(rows, usernames, strict=True)
    ]


def _seen(place: Place, row: Any) -> Any:
    return seen_from(place.project, row) if place.project is not None else row


def _credentials(segment: str, read: ReadEdit, types: tuple[str, ...]) -> Family:
    def update(place: Place, name: str, edit: Edit, *, actor: Actor, now: datetime) -> Secret:
        return keyed_edits.update_credential(place, name, edit, types=types, actor=actor, now=now)

    def delete(place: Place, name: str, *, actor: Actor, now: datetime) -> None:
        keyed_edits.delete_credential(place, name, types=types, actor=actor, now=now)

    return Family(
        segment=segment,
        resource="secrets",
        kind="Secret",
        read=read,
        rows=lambda place: credentials_at(place, types),
        row=lambda place, name: credential_at(place, name, types),
        write=_credential_documents,
        create=keyed_edits.create_credential,
        update=update,
        delete=delete,
    )


CONFIG_MAPS = Family(
    segment="configmaps",
    resource="configmaps",
    kind="ConfigMap",
    read=config_map_edit,
    rows=config_maps_at,
    row=config_map_at,
    write=_config_map_documents,
    create=keyed_edits.create_config_map,
    update=keyed_edits.update_config_map,
    delete=keyed_edits.remove_config_map,
)
GENERIC_CREDENTIALS = _credentials("generic-credentials", generic_edit, (GENERIC,))
REPO_CREDENTIALS = _credentials("repo-credentials", repository_edit, REPOSITORY_TYPES)
