"""What was found out about one Argo CD: is it there, who are we, what may we do?"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

RENEW_TOKEN = "serviceaccounts/token, create"  # noqa: S105 - the name of a right, no token
"""The action of the right to get oneself the next token, over Kubernetes."""


class PlaneState(StrEnum):
    """How an Argo CD answered."""

    READY = "ready"
    DEGRADED = "degraded"
    UNREACHABLE = "unreachable"
    UNAUTHORIZED = "unauthorized"


@dataclass(frozen=True, slots=True)
class Scope:
    """Where rights are needed: an AppProject, and the namespace of its applications."""

    project: str = "*"
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class Permission:
    """One thing that the account must or should be able to do.

    Attributes:
        action: In Argo CD's or Kubernetes' words, such as ``applications, sync``.
        scope: On what, such as ``team-a/*``, or the namespace.
        allowed: ``None`` if it could not be found out.
        required: Promotions cannot work without it.
        purpose: What it is needed for, in words.
    """

    action: str
    scope: str
    allowed: bool | None
    required: bool
    purpose: str

    def __str__(self) -> str:
        if self.allowed:
            return f"{self.action} on {self.scope}: allowed"
        found = "missing" if self.allowed is False else "not known"
        return f"{self.action} on {self.scope}: {found}; needed to {self.purpose}"


@dataclass(frozen=True, slots=True)
class Findings:
    """What a check of an Argo CD came to.

    Attributes:
        state: ``degraded`` if a required right is missing.
        reason: Why it is not ready, with what to do; empty if it is.
        version: Of Argo CD; empty if it is not known (over Kubernetes: not readable).
        account: Who the token is, such as ``promoter`` or a ServiceAccount's full name.
        permissions: Every right that promotions use, found or missing.
        token_expires_at: When the token ends, if it says; aware, UTC.
        renewed_token: To be used from now on, since the token in use is near its end; empty if it
            is not, or cannot be renewed.
    """

    state: PlaneState
    reason: str = ""
    version: str = ""
    account: str = ""
    permissions: tuple[Permission, ...] = ()
    token_expires_at: datetime | None = None
    renewed_token: str = field(default="", repr=False)
