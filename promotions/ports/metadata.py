"""What a step may write on the platform's own objects: their metadata, and a Freight's alias."""

from enum import StrEnum
from typing import Protocol

from common.jsontypes import JSONObject


class MetadataKind(StrEnum):
    """The kinds of object that carry metadata."""

    STAGE = "Stage"
    FREIGHT = "Freight"


class MetadataStore(Protocol):
    """Writes metadata and aliases, with their Change and audit, in one transaction each."""

    def upsert(
        self, *, tenant_uid: str, project: str, kind: MetadataKind, name: str, values: JSONObject
    ) -> None:
        """Set each key of an object's metadata to exactly its value; other keys stay.

        Raises:
            NotFoundError: There is no such object in the project.
            InvalidError: A key is empty, or the metadata would be too large.
        """
        ...

    def set_freight_alias(self, *, tenant_uid: str, project: str, name: str, alias: str) -> str:
        """Give a Freight an alias and return the one it had.

        Raises:
            NotFoundError: There is no such Freight in the project.
            InvalidError: It cannot be an alias.
            ConflictError: Another Freight of the project has it.
        """
        ...
