"""Who acts: a person, a program, or the platform itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from common.jsontypes import JSONValue
from rbac.rules import Rule

UNKNOWN = "unknown actor"


class ActorKind(StrEnum):
    """What sort of actor; ``SYSTEM`` is what Kargo calls the control plane."""

    USER = "user"
    TOKEN = "token"  # noqa: S105 - a word, not a secret
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Grant:
    """A role held, and where its rules hold.

    That is one project, one ``namespace`` of the tenant's own or, with neither, all of the tenant.

    Attributes:
        role: The name of the Kargo role, which is that of its ServiceAccount.
    """

    role: str
    tenant_uid: UUID
    project_uid: UUID | None = None
    namespace: str = ""
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who asks for something.

    Attributes:
        name: As events and audit rows show it: ``email:a@b``, ``controller:stage-controller``.
        is_operator: May do everything, in every tenant.
        tenant_uid: Narrows everything to one tenant when set (a tenant's token).
        address: Where the request came from, if it came over a network.
        claims: What is claimed of the person, under OpenID Connect's names.
        reason: Why, in their words; the audit keeps it with what they do.
    """

    kind: ActorKind
    name: str
    grants: tuple[Grant, ...] = ()
    is_operator: bool = False
    tenant_uid: UUID | None = None
    user_uid: UUID | None = None
    address: str = ""
    claims: Mapping[str, JSONValue] = field(default_factory=dict, compare=False)
    reason: str = ""

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
