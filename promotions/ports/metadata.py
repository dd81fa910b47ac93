"""What a step may write on the platform's own objects: their metadata, and a Freight's alias."""

from enum import StrEnum
from typing import Protocol

from common.jsontypes import JSONObject
from promotions.ports.origin import StepOrigin

MAX_METADATA_BYTES = 256 * 1024
"""Largest metadata of one object, as JSON."""


class MetadataKind(StrEnum):
    """The kinds of object that carry metadata."""

    STAGE = "Stage"
    FREIGHT = "Freight"


class MetadataStore(Protocol):
    """Writes metadata and aliases, with their Change and audit, in one transaction each.

    Objects are those of the project that the step is in.
    """

    def upsert(
        self, origin: StepOrigin, *, kind: MetadataKind, name: str, values: JSONObject
    ) -> None:
        """Set each key of an object's metadata to exactly its value; other keys stay.

        Raises:
            NotFoundError: There is no such object in the project.
            InvalidError: A key is empty, or the metadata would be too large.
            UpstreamError: The store cannot be reached (retryable).
        """
        ...

    def set_freight_alias(self, origin: StepOrigin, *, name: str, alias: str) -> str:
        """Give a Freight an alias and return the one it had.

        Raises:
            NotFoundError: There is no such Freight in the project.
            InvalidError: It cannot be an alias.
            ConflictError: Another Freight of the project has it.
            UpstreamError: The store cannot be reached (retryable).
        """
        ...
