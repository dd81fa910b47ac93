"""One Argo CD, reached over its own REST API.

Source: argo-cd ``server/application``. A change and a sync are two requests here, and a sync is
always one that somebody asked for; see :meth:`RestArgoCD.initiate` for what that takes.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from common.http import Limits
from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text
from promotions.engine.argocd.application import Application, application_of
from promotions.gateways.argocd.collecting import LIST_LIMITS, MAX_APPLICATIONS, collected, in_order
from promotions.gateways.argocd.conversation import READ_SECONDS, Conversation, Lost
from promotions.gateways.argocd.documents import checked, project_of, quoted
from promotions.gateways.argocd.errors import BAD_REQUEST, Problem, nonsense
from promotions.gateways.argocd.outcomes import (
    edited_sources,
    of_edit,
    of_sync,
    refused_beforehand,
)
from promotions.gateways.argocd.project_windows import window
from promotions.gateways.argocd.rest_check import check_rest
from promotions.gateways.argocd.watch import concerning, rest_events
from promotions.ports.argocd import (
    Accepted,
    Ambiguous,
    Applications,
    AppRef,
    BlockedByWindow,
    NothingRunning,
    OperationRequest,
    Outcome,
    Refused,
    Selection,
    SyncWindow,
    SyncWindows,
    TerminateOutcome,
    Transport,
    WatchEvent,
)
from promotions.ports.argocd_access import PlaneAccess
from promotions.ports.argocd_errors import (
    ArgoCDError,
    ArgoCDForbiddenError,
    ArgoCDNotFoundError,
    ArgoCDRefusedError,
)
from promotions.ports.argocd_findings import Findings, Scope

REFRESH_SECONDS = 2.0
"""How long to wait for a refresh to be over; it has been asked for by then."""
WATCH_LIMITS = Limits(timeout_seconds=3600.0, max_bytes=1 << 30, max_redirects=0, idle_seconds=45.0)
"""Argo CD says something every 15 s."""
WATCHED_FIELDS = (
    "error",  # Or else Argo CD cuts it out of what it says when it breaks off.
    "result.type",
    "result.application.metadata",
    "result.application.operation",
    "result.application.spec",
    "result.application.status.conditions",
    "result.application.status.health",
    "result.application.status.operationState",
    "result.application.status.reconciledAt",
    "result.application.status.sync",
)

_APPLICATIONS = "/api/v1/applications"
_REFRESH_PATH = "/metadata/annotations/argocd.argoproj.io~1refresh"


class RestArgoCD:
    """Satisfies :class:`promotions.ports.argocd.ArgoCD`."""

    transport = Transport.REST

    def __init__(self, access: PlaneAccess, conversation: Conversation) -> None:
        self.default_namespace = access.default_namespace
        self._server = conversation

    def get(self, ref: AppRef) -> Application:
        """Read the application live, which Argo CD does for every ``get``."""
        return self._read(ref)

    def list(self, selection: Selection) -> Applications:
        """Return what the account sees; Argo CD leaves out the rest without a word."""
        doing = "list Applications"
        params = self._selected(selection)
        with self._server.stream(_APPLICATIONS, params, doing=doing, limits=LIST_LIMITS) as pieces:
            found, metadata = collected(
                pieces, selection, name=self._server.name, doing=doing, room=MAX_APPLICATIONS
            )
        return Applications(in_order(found), as_text(metadata.get("resourceVersion")))

    def refresh(self, ref: AppRef, *, hard: bool = False) -> bool:
        """Read it with ``refresh``, and do not wait for the controller."""
        key = f"{self._namespace(ref)}/{ref.name}"
        if hard and not self._server.limits.may_refresh(key):
            return False
        kind = "hard" if hard else "normal"
        try:
            self._read(ref, (("refresh", kind),), seconds=REFRESH_SECONDS, may_take_long=True)
        except ArgoCDError as error:
            if error.code == "upstream_timeout":
                return True
            if hard:
                self._server.limits.forget_refresh(key)
            raise
        return True

    def initiate(self, app: Application, request: OperationRequest) -> Outcome:
        """Change the sources if need be, then ask for a sync, each once.

        Argo CD takes every sync here for one that a person asked for. For those that nobody did,
        the windows are read first, and judged as they would be for an automatic one.
        """
        if refusal := refused_beforehand(app):
            return refusal
        if request.automated and (hindrance := self._held_by_windows(app)):
            return hindrance
        edit = edited_sources(app, request)
        failure = None if edit is None else self._change(app, edit)
        return failure or self._sync(app, request)

    def terminate(self, app: Application) -> TerminateOutcome:
        """Ask Argo CD to end what runs."""
        answer = self._server.send(
            "DELETE",
            f"{self._path(app.name)}/operation",
            {},
            params=self._where(_ref(app)),
            doing=f"terminate the operation of {app}",
        )
        match answer:
            case Lost():
                return Ambiguous(answer.message)
            case Problem():
                nothing = answer.status == BAD_REQUEST and answer.says(
                    "no operation is in progress"
                )
                failure = of_edit(answer, name=self._server.name, app=app)
                return NothingRunning() if nothing else failure
            case _:
                return Accepted()

    def sync_windows(self, app: Application) -> SyncWindows:
        """Return what Argo CD says concerns the application, and is active."""
        found = self._server.read(
            f"{self._path(app.name)}/syncwindows",
            self._where(_ref(app)),
            doing=f"read the sync windows of {app}",
        )
        return SyncWindows(
            assigned=_windows(found.get("assignedWindows")),
            active=_windows(found.get("activeWindows")),
        )

    @contextmanager
    def watch(
        self,
        selection: Selection,
        *,
        resource_version: str = "",  # noqa: ARG002 - the protocol's
    ) -> Iterator[Iterator[WatchEvent]]:
        """Give server-sent events, all that is there first, from whatever version on.

        A version would make Argo CD skip what is older, and repeat nothing that came since. Worse,
        it answers nothing before its first event, not even a header; so where there is no
        Application, silence is not taken for a failure.
        """
        with self._server.stream(
            "/api/v1/stream/applications",
            (*self._selected(selection), ("fields", ",".join(WATCHED_FIELDS))),
            doing="watch Applications",
            limits=WATCH_LIMITS,
            accept="text/event-stream",
            may_be_silent=True,
        ) as pieces:
            yield concerning(rest_events(pieces, name=self._server.name), selection)

    def check(self, scopes: tuple[Scope, ...] = (), *, now: datetime) -> Findings:
        """Ask for the version, the account and its rights."""
        return check_rest(self._server, scopes, default_namespace=self.default_namespace, now=now)

    def _held_by_windows(self, app: Application) -> BlockedByWindow | Refused | None:
        """Return why an automatic sync would not be let through now; else ``None``."""
        try:
            windows = self.sync_windows(app)
        except (ArgoCDForbiddenError, ArgoCDNotFoundError, ArgoCDRefusedError) as error:
            return Refused(error.message, error.status)
        if windows.permits(automated=True) is False:
            return BlockedByWindow(f"{app} cannot be synced now: blocked by sync window")
        return None

    def _change(self, app: Application, edit: JSONObject) -> Outcome | None:
        """Write sources; return why they may not have been."""
        answer = self._server.send(
            "PATCH", self._path(app.name), self._edit(app, edit), doing=f"change {app}"
        )
        match answer:
            case Lost():
                return Ambiguous(answer.message)
            case Problem():
                return of_edit(answer, name=self._server.name, app=app)
            case _:
                return None

    def _sync(self, app: Application, request: OperationRequest) -> Outcome:
        # Without a revision: the spec says it, and another may need the right to override.
        body: dict[str, JSONValue] = {
            **self._named(app),
            "prune": False,
            "infos": [{"name": it.name, "value": it.value} for it in request.infos],
        }
        answer = self._server.send(
            "POST", f"{self._path(app.name)}/sync", body, doing=f"sync {app}"
        )
        match answer:
            case Lost():
                return Ambiguous(answer.message)
            case Problem():
                return of_sync(answer, name=self._server.name, app=app)
            case _:
                return Accepted(application_of(answer))

    def _edit(self, app: Application, edit: JSONObject) -> JSONObject:
        """Return a request to write sources, unless the application has changed."""
        steps: list[JSONValue] = [
            {"op": "test", "path": "/metadata/resourceVersion", "value": app.resource_version},
            *({"op": "replace", "path": f"/spec/{key}", "value": it} for key, it in edit.items()),
        ]
        if not app.annotations:
            steps.append({"op": "add", "path": "/metadata/annotations", "value": {}})
        steps.append({"op": "add", "path": _REFRESH_PATH, "value": "hard"})
        return {**self._named(app), "patchType": "json", "patch": json.dumps(steps)}

    def _read(
        self,
        ref: AppRef,
        params: tuple[tuple[str, str], ...] = (),
        *,
        seconds: float = READ_SECONDS,
        may_take_long: bool = False,
    ) -> Application:
        doing = f"read the Application {ref}"
        try:
            found = self._server.read(
                self._path(checked(ref).name),
                (*self._where(ref), *params),
                doing=doing,
                seconds=seconds,
                may_take_long=may_take_long,
            )
        except ArgoCDForbiddenError as error:
            if ref.project:
                raise
            raise ArgoCDForbiddenError(
                f"{error.message} Either there is no such Application, or the account may not see"
                " it: without its AppProject, Argo CD does not tell which.",
                status=error.status,
            ) from error
        app = application_of(found)
        if app.name != ref.name:
            raise nonsense(name=self._server.name, doing=doing, status=200)
        return app

    def _named(self, app: Application) -> dict[str, JSONValue]:
        return {"name": app.name, "appNamespace": app.namespace, "project": project_of(app)}

    def _path(self, name: str) -> str:
        return f"{_APPLICATIONS}/{quoted(name)}"

    def _namespace(self, ref: AppRef) -> str:
        return ref.namespace or self.default_namespace

    def _where(self, ref: AppRef) -> tuple[tuple[str, str], ...]:
        project = (("project", ref.project),) if ref.project else ()
        return (("appNamespace", self._namespace(ref)), *project)

    def _selected(self, selection: Selection) -> tuple[tuple[str, str], ...]:
        labels = (("selector", str(selection.selector)),) if selection.selector else ()
        namespace = (("appNamespace", selection.namespace),) if selection.namespace else ()
        return (*labels, *namespace, *(("projects", it) for it in selection.projects))


def _ref(app: Application) -> AppRef:
    return AppRef(app.namespace, app.name, project_of(app))


def _windows(value: JSONValue) -> tuple[SyncWindow, ...]:
    return tuple(window(as_object(it)) for it in as_list(value))
