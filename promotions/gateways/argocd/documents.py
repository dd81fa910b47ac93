"""What of an application's document is kept, and how are its names and labels written?"""

import re
from collections.abc import Mapping
from urllib.parse import quote

from common.errors import InvalidError
from common.jsontypes import JSONObject, JSONValue, as_object, as_text
from promotions.engine.argocd.application import Application, application_of
from promotions.ports.argocd import AppRef, Selection

_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_PROJECT = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_LONG_STATUS = frozenset({"resources", "history"})


def checked(ref: AppRef) -> AppRef:
    """Return a reference whose parts can be names.

    Raises:
        InvalidError: One cannot.
    """
    for what, text, pattern in (
        ("name", ref.name, _NAME),
        ("namespace", ref.namespace or "argocd", _NAME),
        ("project", ref.project or "default", _PROJECT),
    ):
        if not pattern.fullmatch(text):
            raise InvalidError(f"{text[:100]!r} cannot be the {what} of an Argo CD Application.")
    return ref


def quoted(name: str) -> str:
    """Return a name as one part of a path."""
    return quote(name, safe="")


def project_of(app: Application) -> str:
    """Return the AppProject of an application; Argo CD's own default if it names none."""
    spec = as_object(app.document.get("spec"))
    return as_text(spec.get("project")) or "default"


def is_operating(app: Application) -> bool:
    """Return whether an operation waits to begin, runs, or is being terminated."""
    running = app.state is not None and app.state.phase in {"Running", "Terminating"}
    return app.pending is not None or running


def trimmed(document: JSONObject) -> JSONObject:
    """Return an application without the long lists that nobody decides on."""
    status = {k: v for k, v in as_object(document.get("status")).items() if k not in _LONG_STATUS}
    if isinstance(state := status.get("operationState"), Mapping):
        status["operationState"] = _without(state, "syncResult", "resources")
    given = as_object(document.get("metadata"))
    metadata = {k: v for k, v in given.items() if k != "managedFields"}
    if _LAST_APPLIED in as_object(given.get("annotations")):
        metadata = {**_without(metadata, "annotations", _LAST_APPLIED)}
    return {**document, "metadata": metadata, "status": status}


def hint(document: JSONObject) -> Application:
    """Return an application that was listed or watched."""
    return application_of(trimmed(document))


def selected(app: Application, selection: Selection) -> bool:
    """Return whether an application is selected, whatever the server made of the selection."""
    return (
        (not selection.namespace or app.namespace == selection.namespace)
        and (not selection.projects or project_of(app) in selection.projects)
        and (selection.selector is None or selection.selector.matches(app.labels))
    )


def _without(parent: JSONObject, name: str, dropped: str) -> JSONObject:
    child: JSONValue = parent.get(name)
    if not isinstance(child, Mapping):
        return parent
    return {**parent, name: {k: v for k, v in child.items() if k != dropped}}
