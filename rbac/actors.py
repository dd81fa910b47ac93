"""Who acts: a person, a program, or the platform itself."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

UNKNOWN = "unknown actor"


class ActorKind(StrEnum):
    """What sort of actor; ``SYSTEM`` is what Kargo calls the control plane."""

    USER = "user"
    TOKEN = "token"  # noqa: S105 - a word, not a secret
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Grant:
    """A role held in a tenant, in one project or (``project_uid`` null) in all of them."""

    role: str
    tenant_uid: UUID
    project_uid: UUID | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who asks for something.

    Attributes:
        name: As events and audit rows show it: ``email:a@b``, ``controller:stage-controller``.
        is_operator: May do everything, in every tenant.
        tenant_uid: Narrows everything to one tenant when set (a tenant's token).
        address: Where the request came from, if it came over a network.
    """

    kind: ActorKind
    name: str
    grants: tuple[Grant, ...] = ()
    is_operator: bool = False
    tenant_uid: UUID | None = None
    user_uid: UUID | None = None
    address: str = ""

    @property
    def is_system(self) -> bool:
        """Whether the platform itself acts."""
        return self.kind is ActorKind.SYSTEM


def controller(name: str, *, shard: str = "") -> Actor:
    """Return the platform's own actor, such as ``controller:stage-controller``."""
    suffix = f"-{shard}" if shard and shard != "default" else ""
    return Actor(kind=ActorKind.SYSTEM, name=f"controller:{name}{suffix}", is_operator=True)


def operator_at_console(name: str) -> Actor:
    """Return whoever runs a management command on the platform's own host."""
    return Actor(kind=ActorKind.USER, name=f"operator:{name}", is_operator=True)
