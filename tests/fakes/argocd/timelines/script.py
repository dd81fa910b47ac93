"""Plays the frames of one Application of a timeline, in place of the controller."""

import copy
import datetime as dt
from collections.abc import Iterable
from typing import Any

from tests.fakes.argocd.controller import REFRESH, refresh_of
from tests.fakes.argocd.faults import HTML, Fault
from tests.fakes.argocd.kubernetes.answers import status_body
from tests.fakes.argocd.patches import merged
from tests.fakes.argocd.recording import ATTEMPT_INFO, PROMOTION_INFO
from tests.fakes.argocd.rest.answers import STATUSES
from tests.fakes.argocd.site import Site, application
from tests.fakes.argocd.store import APPLICATIONS, Document, Key, MissingError
from tests.fakes.argocd.timelines.loading import PROMOTION, Frame, TimelineApp

TIMES = frozenset(
    {
        "reconciledAt",
        "startedAt",
        "finishedAt",
        "lastTransitionTime",
        "deletionTimestamp",
        "deployedAt",
    }
)


class AppScript:
    """Satisfies :class:`tests.fakes.argocd.controller.Script`."""

    def __init__(self, site: Site, app: TimelineApp) -> None:
        self._site = site
        self._app = app
        self._key = Key(APPLICATIONS, app.namespace, app.name)
        self._operations = 0
        self._is_playing = False

    def add(self, patch: Document | None = None) -> None:
        """Create the Application; what is pending from before is nobody's here."""
        self._is_playing = True
        self._site.controller.scripts[self._app.namespace, self._app.name] = self
        document = merged(created(self._site, self._app), patch or {})
        self._site.store.add(APPLICATIONS, dict(document))
        self._is_playing = False

    def begin(self) -> None:
        """Play what happens by itself."""
        self._play(self._app.frames, None)

    def operation_set(self, operation: Document) -> None:
        """Play what follows an operation that a caller set."""
        if self._is_playing:
            return
        self._operations += 1
        groups = self._app.syncs
        self._play(groups[min(self._operations, len(groups)) - 1], operation)

    def refresh_asked(self, kind: str) -> None:
        """Play what follows a refresh."""
        if not self._is_playing:
            self._play(self._app.refreshes.get(kind, ()), None)

    def terminating(self) -> None:
        """Play what follows a request to terminate."""
        if not self._is_playing:
            self._play(self._app.terminations, None)

    def spec_written(self) -> None:
        """Play what follows a change of the spec."""
        self._play(self._app.patches, None)

    def _play(self, frames: Iterable[Frame], operation: Document | None) -> None:
        origin = self._site.clock.now()
        for frame in frames:
            self._at(frame.at, frame, origin, operation)

    def _at(
        self, seconds: float, frame: Frame, origin: dt.datetime, operation: Document | None
    ) -> None:
        self._site.clock.call_in(seconds, lambda: self._show(frame, origin, operation))

    def _show(self, frame: Frame, origin: dt.datetime, operation: Document | None) -> None:
        found = self._site.store.find(*self._key)
        if frame.is_creation and found is None:
            self.add(filled(frame.patch, self._site, origin, operation))
            return
        if found is None:
            return
        if frame.needs and refresh_of(found) != frame.needs:
            self._at(1, frame, origin, operation)
            return
        if frame.is_deletion:
            self._site.store.remove(self._key)
            return
        patch = filled(frame.patch, self._site, origin, operation)
        self._is_playing = True
        try:
            self._site.store.change(self._key, lambda app: _shown(app, patch))
        except MissingError:
            pass
        finally:
            self._is_playing = False


def created(site: Site, app: TimelineApp) -> Document:
    """Return the Application as it is before anything begins."""
    raw = app.raw
    sources = raw.get("sources") or ([raw["source"]] if "source" in raw else None)
    document = application(
        app.name,
        namespace=app.namespace,
        project=raw.get("project", "default"),
        sources=sources,
        stage=raw.get("authorizedStage", ""),
        labels=raw.get("labels"),
        annotations=raw.get("annotations"),
        spec=raw.get("spec"),
    )
    start = filled(app.start, site, site.clock.now(), None)
    return dict(merged(document, start))


def filled(value: Any, site: Site, origin: dt.datetime, operation: Document | None) -> Any:
    """Return a patch with its times and operations filled in."""
    if isinstance(value, dict):
        return {
            key: site.clock.stamp(it, since=origin)
            if key in TIMES and isinstance(it, int | float)
            else filled(it, site, origin, operation)
            for key, it in value.items()
        }
    if isinstance(value, list):
        return [filled(it, site, origin, operation) for it in value]
    if value == "$request":
        return copy.deepcopy(operation)
    return operation_named(value) if isinstance(value, str) and value.startswith("$") else value


def operation_named(name: str) -> Document:
    """Return the operation that a word stands for."""
    marks = {"$ours": PROMOTION, "$other": "prod.01k2xyz.0000000"}
    if name in marks:
        infos = [
            {"name": PROMOTION_INFO, "value": marks[name]},
            {"name": ATTEMPT_INFO, "value": "1"},
        ]
        return {"initiatedBy": {"username": "promoter"}, "info": infos, "sync": {}}
    if name == "$automated":
        return {"initiatedBy": {"automated": True}, "sync": {}}
    if name == "$foreign":
        return {"initiatedBy": {"username": "kim"}, "sync": {}}
    raise ValueError(f"{name} stands for no operation")


def fault_of(raw: Document, site: Site, transport: str) -> Fault | None:
    """Return an override, with the body that this transport would send; ``None`` for the other."""
    if raw.get("transport", transport) != transport:
        return None
    status = int(raw.get("status", 0))
    start, until = raw.get("at"), raw.get("until")
    body = HTML if raw.get("html") else raw.get("body")
    if status and body is None:
        body = _body(status, transport, raw.get("message", "something went wrong"))
    return Fault(
        method=raw.get("method", ""),
        path=raw.get("path", ""),
        transport=transport,
        status=status,
        body=body,
        headers=tuple((raw.get("headers") or {}).items()),
        delay_seconds=raw.get("delay", 0),
        is_effective=bool(raw.get("effective")),
        is_reset=bool(raw.get("reset")),
        is_cut_short=bool(raw.get("cut")),
        times=raw.get("times"),
        begins=None if start is None else site.clock.now() + dt.timedelta(seconds=start),
        ends=None if until is None else site.clock.now() + dt.timedelta(seconds=until),
    )


def _body(status: int, transport: str, message: str) -> Any:
    if transport == "kubernetes":
        return status_body(status, "InternalError", message)
    code = next((int(code) for code, it in STATUSES.items() if it == status), 2)
    return {"error": message, "code": code, "message": message}


def _shown(app: Document, patch: Document) -> Document:
    changed = dict(merged(app, patch))
    if "reconciledAt" in (patch.get("status") or {}):
        changed["metadata"].get("annotations", {}).pop(REFRESH, None)
    return changed
