"""Which sync windows of an AppProject concern an application, and which of them are active?

Argo CD's own API answers that itself; over Kubernetes it is found out here.
"""

from datetime import datetime

from common.jsontypes import JSONObject, as_list, as_object, as_text
from promotions.engine.argocd.application import Application
from promotions.engine.argocd.sync_windows import concerns, is_active
from promotions.ports.argocd import SyncWindow, SyncWindows, WindowKind

MOST_WINDOWS = 1000
"""Of more than these it is left open which are active."""


def windows_of(project: JSONObject, app: Application, *, now: datetime) -> SyncWindows:
    """Return the windows of an AppProject that concern an application.

    Those of a kind that Argo CD does not know say nothing to it, and are left out.

    Raises:
        SyncWindowError: One of them cannot be understood.
    """
    declared = map(as_object, as_list(as_object(project.get("spec")).get("syncWindows")))
    known = (it for it in declared if it.get("kind") in set(WindowKind))
    assigned = tuple(window(it) for it in known if concerns(it, app))
    if len(assigned) > MOST_WINDOWS:
        return SyncWindows(assigned, active=None)
    return SyncWindows(assigned, active=tuple(it for it in assigned if _is_active(it, now=now)))


def window(document: JSONObject) -> SyncWindow:
    """Return a sync window, as an AppProject or Argo CD's own API writes it."""
    is_allowing = document.get("kind") == WindowKind.ALLOW
    return SyncWindow(
        kind=WindowKind.ALLOW if is_allowing else WindowKind.DENY,
        schedule=as_text(document.get("schedule")),
        duration=as_text(document.get("duration")),
        manual_sync=document.get("manualSync") is True,
        time_zone=as_text(document.get("timeZone")),
    )


def _is_active(window: SyncWindow, *, now: datetime) -> bool:
    return is_active(
        schedule=window.schedule,
        duration=window.duration,
        time_zone=window.time_zone,
        now=now,
    )
