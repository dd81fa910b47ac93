"""Sums up what a check found, for both ways to an Argo CD."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from promotions.ports.argocd_errors import (
    ArgoCDBusyError,
    ArgoCDError,
    ArgoCDUnauthorizedError,
    ArgoCDUnavailableError,
)
from promotions.ports.argocd_findings import Findings, Permission, PlaneState


@dataclass(frozen=True, slots=True)
class Need:
    """A right that promotions use, and for what."""

    resource: str
    verb: str
    purpose: str
    required: bool = True
    group: str = "argoproj.io"

    def found(self, scope: str, *, allowed: bool | None) -> Permission:
        """Return what was found out about it."""
        action = f"{self.resource}, {self.verb}"
        return Permission(action, scope, allowed, self.required, self.purpose)


def findings_of(
    permissions: Sequence[Permission],
    *,
    version: str,
    account: str,
    ends_at: datetime | None,
    now: datetime,
) -> Findings:
    """Return the findings about an Argo CD that answered everything."""
    missing = [str(it) for it in permissions if it.required and it.allowed is False]
    reason = f"The account lacks rights: {'; '.join(missing)}." if missing else ""
    if _is_over(ends_at, now=now):
        return Findings(
            PlaneState.UNAUTHORIZED, _EXPIRED, version, account, tuple(permissions), ends_at
        )
    state = PlaneState.DEGRADED if missing else PlaneState.READY
    return Findings(state, reason, version, account, tuple(permissions), ends_at)


def finding(
    error: ArgoCDError,
    *,
    version: str,
    account: str,
    ends_at: datetime | None,
    now: datetime,
) -> Findings:
    """Return the findings about an Argo CD that did not answer something."""
    if isinstance(error, ArgoCDUnauthorizedError):
        reason = _EXPIRED if _is_over(ends_at, now=now) else error.message
        return Findings(PlaneState.UNAUTHORIZED, reason, version, account, (), ends_at)
    is_away = isinstance(error, ArgoCDUnavailableError | ArgoCDBusyError)
    state = PlaneState.UNREACHABLE if is_away else PlaneState.DEGRADED
    return Findings(state, error.message, version, account, (), ends_at)


_EXPIRED = "The token has expired; set a new one."


def _is_over(ends_at: datetime | None, *, now: datetime) -> bool:
    return ends_at is not None and ends_at <= now
