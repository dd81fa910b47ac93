"""Checks control planes: do they answer, who are we there, what may we do, which credential?"""

import itertools
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from common.clock import now as read_clock
from common.errors import PlatformError
from common.redaction import redact
from projects.models import ChangeType, ControlPlane
from projects.models.control_plane import ControlPlaneState
from promotions import queue
from promotions.manifests.control_plane import ControlPlaneSpec, Credential
from promotions.models import WorkKind
from promotions.ports.argocd import Findings, PlaneState, Scope
from promotions.ports.argocd_access import ArgoCDs
from promotions.selectors.control_planes import bound_projects
from promotions.selectors.plane_access import reach_of, secret_name
from promotions.services.application_index import mark_all_due
from promotions.services.control_planes import adopt_credential, rotate_control_plane
from promotions.services.saving import Write, owner_of, record, tell
from rbac.actors import Actor, controller

_LONGEST_REASON = 2000
_LONGEST_VERSION = 64
_BETWEEN_DOUBTS = timedelta(seconds=30)
_KNOWN_BAD = frozenset({ControlPlaneState.UNAUTHORIZED, ControlPlaneState.DISABLED})
_WORKING = frozenset({PlaneState.READY, PlaneState.DEGRADED})


@dataclass(frozen=True, slots=True)
class Examined:
    """What a look at a control plane came to.

    Attributes:
        is_next_good: Whether the next credential is to take the place of the current one.
    """

    findings: Findings
    is_next_good: bool = False


def check_control_plane(
    plane: ControlPlane, *, argocds: ArgoCDs, actor: Actor, now: datetime
) -> ControlPlane:
    """Look at a control plane now, and return it with what was found.

    One that is switched off is asked nothing. Takes some requests, of some seconds at most.
    """
    if plane.is_enabled:
        examined = examine(plane, argocds=argocds, now=now)
        with transaction.atomic():
            note_findings(plane, examined, now=now)
        wake_who_waited(plane, examined, now=now)
    plane.refresh_from_db()
    write = Write(owner_of(plane.tenant), actor, now)
    record(plane, "check", write=write, after={"state": plane.state, "reason": plane.reason})
    return plane


def examine(plane: ControlPlane, *, argocds: ArgoCDs, now: datetime) -> Examined:
    """Ask a control plane who we are and what we may do, with the next credential too if any.

    Writes nothing; no transaction may be open.
    """
    try:
        reach = reach_of(plane)
        scopes = scopes_of(ControlPlaneSpec.model_validate(plane.spec))
        current, *upcoming = (
            argocds.open(reach.by(it)).check(scopes, now=now) for it in reach.credentials
        )
    except PlatformError as error:
        return Examined(Findings(PlaneState.UNAUTHORIZED, redact(error.message)))
    for found in upcoming:
        if found.state is PlaneState.READY or (
            found.state in _WORKING and current.state is not PlaneState.READY
        ):
            return Examined(found, is_next_good=True)
        if current.state in _WORKING:
            reason = f"The next credential is not used yet: {found.reason} {current.reason}"
            return Examined(replace(current, state=PlaneState.DEGRADED, reason=reason.strip()))
    return Examined(current)


def note_findings(plane: ControlPlane, examined: Examined, *, now: datetime) -> None:
    """Keep what a look at a control plane came to, unless it was changed meanwhile.

    Call it in a transaction.
    """
    findings = examined.findings
    seen: dict[str, Any] = {
        "state": findings.state.value,
        "reason": findings.reason[:_LONGEST_REASON],
    }
    if findings.state in _WORKING:
        seen["permissions"] = [asdict(it) for it in findings.permissions]
        seen["version"] = findings.version[:_LONGEST_VERSION]
    if findings.token_expires_at is not None and not examined.is_next_good:
        seen["expires_at"] = findings.token_expires_at
    rows = ControlPlane.objects.filter(pk=plane.pk, generation=plane.generation, is_enabled=True)
    ok = {"last_ok_at": now} if findings.state in _WORKING else {}
    if not rows.update(checked_at=now, **ok, **seen):
        return
    write = Write(owner_of(plane.tenant), controller("management-controller"), now)
    if any(getattr(plane, name) != value for name, value in seen.items()):
        tell(plane, ChangeType.MODIFIED, write=write)
    if examined.is_next_good:
        adopt_credential(plane, actor=write.actor, now=now)
    elif findings.renewed_token and not plane.next_credential_mark and not secret_name(plane):
        renewed = Credential(token=findings.renewed_token)
        rotate_control_plane(plane, renewed, actor=write.actor, now=now)


def wake_who_waited(plane: ControlPlane, examined: Examined, *, now: datetime) -> None:
    """Have all that depends on a control plane looked at, if a look found that it works again.

    Who waits for one that is lost asks seldom. Call it with the control plane as it was before,
    and in no transaction: it wakes a great many, in an order that others may not share.
    """
    if examined.findings.state in _WORKING and plane.state not in _WORKING:
        projects = bound_projects(plane)
        mark_all_due(plane.tenant.uid, shard=plane.shard, projects=projects, now=now)


def check_soon(plane: ControlPlane) -> None:
    """Have a control plane that refused a step or a health check looked at by its next check.

    Nothing is asked of it here, and nothing at all if it is known. However many it refuses, they
    make one check, and another half a minute later if that one found nothing wrong.
    """
    if plane.state in _KNOWN_BAD:
        return
    now = read_clock()
    last = min(plane.checked_at, now) if plane.checked_at else now - _BETWEEN_DOUBTS
    at = max(now, last + _BETWEEN_DOUBTS)
    queue.wake(kind=WorkKind.CONTROL_PLANE, uid=plane.uid, at=at)


def scopes_of(spec: ControlPlaneSpec) -> tuple[Scope, ...]:
    """Return where rights are needed: each AppProject in each namespace."""
    namespaces = spec.allowed_namespaces or [spec.default_namespace]
    pairs = itertools.product(spec.app_projects or ["*"], namespaces)
    return tuple(Scope(project, namespace) for project, namespace in pairs)
