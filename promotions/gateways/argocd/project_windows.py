"""Which sync windows of an AppProject concern an application?

Source: Argo CD ``SyncWindows.Matches``: globs on the application's name, or its destination's
namespace, or its cluster; all of those given at once if the window says ``andOperator``.
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text
from promotions.engine.argocd.application import Application
from promotions.ports.argocd import SyncWindow, WindowKind

MAX_PATTERN_CHARACTERS = 256


def windows_of(project: JSONObject, app: Application) -> tuple[SyncWindow, ...]:
    """Return the windows of an AppProject that concern an application."""
    declared = as_list(as_object(project.get("spec")).get("syncWindows"))
    return tuple(window(it) for it in map(as_object, declared) if _concerns(it, app))


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


def _concerns(declared: JSONObject, app: Application) -> bool:
    found = list(_matches(declared, app))
    return all(found) and bool(found) if declared.get("andOperator") is True else any(found)


def _matches(declared: JSONObject, app: Application) -> Iterator[bool]:
    """Yield for each kind of pattern that is declared whether one fits."""
    destination = as_object(as_object(app.document.get("spec")).get("destination"))
    clusters = [as_text(destination.get("server")), as_text(destination.get("name"))]
    for key, names in (
        ("applications", [app.name]),
        ("namespaces", [as_text(destination.get("namespace"))]),
        ("clusters", clusters),
    ):
        if patterns := as_list(declared.get(key)):
            yield any(_fits(name, it) for it in patterns for name in names if name)


def _fits(name: str, pattern: JSONValue) -> bool:
    text = as_text(pattern)
    return len(text) <= MAX_PATTERN_CHARACTERS and fnmatchcase(name, text)
