"""One Argo CD, reached over the API of the Kubernetes cluster that it runs in.

Application has no status subresource, so that one patch holds the sources, the operation and the
emptied status of the operation before it; the resource version in it makes it all or nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from common.clock import now as wall_time
from common.http import Limits
from common.jsontypes import JSONObject, JSONValue, as_object, as_text
from promotions.engine.argocd.application import Application, application_of
from promotions.engine.argocd.sync_windows import SyncWindowError
from promotions.gateways.argocd.app_events import AppEvents
from promotions.gateways.argocd.collecting import (
    LIST_LIMITS,
    MAX_APPLICATIONS,
    collected,
    in_order,
)
from promotions.gateways.argocd.conversation import Conversation, Lost
from promotions.gateways.argocd.documents import checked, project_of, quoted
from promotions.gateways.argocd.errors import Problem, error_of, nonsense
from promotions.gateways.argocd.kubernetes_check import check_kubernetes
from promotions.gateways.argocd.outcomes import edited_sources, of_patch, refused_beforehand
from promotions.gateways.argocd.project_windows import windows_of
from promotions.gateways.argocd.watch import concerning, kubernetes_events
from promotions.ports.argocd import (
    Accepted,
    Ambiguous,
    Applications,
    AppRef,
    BlockedByWindow,
    Conflict,
    NothingRunning,
    OperationRequest,
    Outcome,
    Refused,
    Selection,
    SyncWindows,
    TerminateOutcome,
    Transport,
    WatchEvent,
)
from promotions.ports.argocd_access import PlaneAccess
from promotions.ports.argocd_errors import (
    ArgoCDError,
    ArgoCDExpiredError,
    ArgoCDForbiddenError,
    ArgoCDNotFoundError,
    ArgoCDRefusedError,
    ArgoCDUnavailableError,
)
from promotions.ports.argocd_findings import Findings, Scope

PAGE_SIZE = 500
FIELD_MANAGER = "promoter"
INITIATOR = "kargo-controller"
CONFINED_FOR = timedelta(hours=1)
"""How long an account that may not list the whole cluster is not tried with that again."""
WATCH_SECONDS = 290
WATCH_LIMITS = Limits(
    timeout_seconds=WATCH_SECONDS + 30.0, max_bytes=1 << 30, max_redirects=0, idle_seconds=300.0
)

_API = "/apis/argoproj.io/v1alpha1"
_MERGE_PATCH = "application/merge-patch+json"
_REFRESH = "argocd.argoproj.io/refresh"
_LIST_ATTEMPTS = 3
_NOT_FOUND = 404


class KubernetesArgoCD:
    """Satisfies :class:`promotions.ports.argocd.ArgoCD`.

    Args:
        access: Where to, and as whom.
        conversation: With the API server.
        now: By which sync windows are judged.
    """

    transport = Transport.KUBERNETES

    def __init__(
        self,
        access: PlaneAccess,
        conversation: Conversation,
        *,
        now: Callable[[], datetime] = wall_time,
    ) -> None:
        self.default_namespace = access.default_namespace
        self._server = conversation
        self._now = now
        self._events = AppEvents(conversation, now=now)
        self._confined_until: datetime | None = None

    def get(self, ref: AppRef) -> Application:
        """Read the resource; one of another AppProject is as good as missing."""
        doing = f"read the Application {ref}"
        app = application_of(self._server.read(self._path(ref), doing=doing))
        if app.name != ref.name:
            raise nonsense(name=self._server.name, doing=doing, status=200)
        if ref.project and project_of(app) != ref.project:
            raise ArgoCDNotFoundError(
                f'{self._server.name} cannot {doing}: it is not in the AppProject "{ref.project}".',
                status=_NOT_FOUND,
            )
        return app

    def list(self, selection: Selection) -> Applications:
        """Return all pages, begun anew when the snapshot they are of is gone."""
        for _ in range(_LIST_ATTEMPTS):
            try:
                return self._listed(selection)
            except ArgoCDExpiredError:
                continue
            except ArgoCDForbiddenError:
                if selection.namespace or self._is_confined:
                    raise
                # A Role, and no ClusterRole: its namespace is all that it sees.
                self._confined_until = self._now() + CONFINED_FOR
        raise ArgoCDUnavailableError(
            f"{self._server.name} forgets its list of Applications while it is read.",
            retryable=True,
        )

    def refresh(self, ref: AppRef, *, hard: bool = False) -> bool:
        """Write the annotation that the controller takes away when it is done."""
        key = f"{ref.namespace or self.default_namespace}/{ref.name}"
        if hard and not self._server.limits.may_refresh(key):
            return False
        doing = f"refresh the Application {ref}"
        patch: JSONObject = {"metadata": {"annotations": {_REFRESH: "hard" if hard else "normal"}}}
        try:
            answer = self._patch(ref, patch, doing=doing)
            if isinstance(answer, Problem):
                raise error_of(answer, name=self._server.name, doing=doing)
        except ArgoCDError:
            if hard:
                self._server.limits.forget_refresh(key)
            raise
        # A lost answer is as good: the annotation is there, or the next refresh writes it.
        return True

    def initiate(self, app: Application, request: OperationRequest) -> Outcome:
        """Write sources and operation in one patch, unless a sync window forbids it.

        The controller would keep such an operation until the window lets it, and refuse all others
        meanwhile, a person's too; it judges windows by itself where we may not read them.
        """
        if hindrance := refused_beforehand(app) or self._held_by_windows(app, request):
            return hindrance
        doing = f"sync {app}"
        answer = self._patch(_ref(app), _operation_patch(app, request), doing=doing)
        outcome = self._outcome(answer, app, doing=doing)
        if isinstance(outcome, Accepted) and outcome.application:
            self._events.note_started(outcome.application, actor=request.actor or INITIATOR)
        return outcome

    def terminate(self, app: Application) -> TerminateOutcome:
        """Set the phase, as Argo CD's own server does."""
        phase = app.state.phase if app.state else ""
        if phase == "Terminating":
            return Accepted(app)
        if phase != "Running":
            return NothingRunning()
        doing = f"terminate the operation of {app}"
        patch: JSONObject = {
            "metadata": {"resourceVersion": app.resource_version},
            "status": {"operationState": {"phase": "Terminating"}},
        }
        return self._outcome(self._patch(_ref(app), patch, doing=doing), app, doing=doing)

    def sync_windows(self, app: Application) -> SyncWindows:
        """Return the windows of the AppProject that concern it, judged as Argo CD would."""
        project = project_of(app)
        path = f"{_API}/namespaces/{quoted(self.default_namespace)}/appprojects/{quoted(project)}"
        found = self._server.read(path, doing=f'read the AppProject "{project}"')
        try:
            return windows_of(found, app, now=self._now())
        except SyncWindowError as error:
            raise ArgoCDRefusedError(
                f"{app} cannot be synced: invalid sync window: {error.message}. Correct it in the"
                f' AppProject "{project}".',
                code="argocd_invalid_window",
            ) from error

    @contextmanager
    def watch(
        self, selection: Selection, *, resource_version: str = ""
    ) -> Iterator[Iterator[WatchEvent]]:
        """Give events after a resource version; begin with that of a list."""
        params = [
            *_selected(selection),
            ("watch", "true"),
            ("allowWatchBookmarks", "true"),
            ("timeoutSeconds", str(WATCH_SECONDS)),
        ]
        if resource_version:
            params.append(("resourceVersion", resource_version))
        with self._server.stream(
            self._listed_in(selection),
            params,
            doing="watch Applications",
            limits=WATCH_LIMITS,
        ) as pieces:
            yield concerning(kubernetes_events(pieces, name=self._server.name), selection)

    def check(self, scopes: tuple[Scope, ...] = (), *, now: datetime) -> Findings:
        """Ask for the account and its rights."""
        return check_kubernetes(
            self._server, scopes, default_namespace=self.default_namespace, now=now
        )

    def _held_by_windows(
        self, app: Application, request: OperationRequest
    ) -> BlockedByWindow | Refused | None:
        """Return why the controller would not begin a sync now; ``None`` if it may or must say."""
        try:
            windows = self.sync_windows(app)
        except (ArgoCDForbiddenError, ArgoCDNotFoundError):
            return None
        except ArgoCDRefusedError as error:
            return Refused(error.message, error.status)
        if windows.permits(automated=request.automated) is False:
            return BlockedByWindow(f"{app} cannot be synced now: blocked by sync window")
        return None

    def _listed(self, selection: Selection) -> Applications:
        found: list[Application] = []
        token, version = "", ""
        while True:
            page, metadata = self._page(selection, token, room=MAX_APPLICATIONS - len(found))
            found += page
            token = as_text(metadata.get("continue"))
            version = as_text(metadata.get("resourceVersion")) or version
            if not token:
                return Applications(in_order(found), version)

    def _page(
        self, selection: Selection, token: str, *, room: int
    ) -> tuple[Sequence[Application], JSONObject]:
        doing = "list Applications"
        more = (("continue", token),) if token else ()
        params = (*_selected(selection), ("limit", str(PAGE_SIZE)), *more)
        with self._server.stream(
            self._listed_in(selection), params, doing=doing, limits=LIST_LIMITS
        ) as pieces:
            return collected(pieces, selection, name=self._server.name, doing=doing, room=room)

    def _outcome(
        self, answer: JSONObject | Problem | Lost, app: Application, *, doing: str
    ) -> Accepted | Ambiguous | Conflict | Refused:
        match answer:
            case Lost():
                return Ambiguous(answer.message)
            case Problem():
                return of_patch(answer, name=self._server.name, app=app, doing=doing)
            case _:
                return Accepted(application_of(answer))

    def _patch(self, ref: AppRef, patch: JSONObject, *, doing: str) -> JSONObject | Problem | Lost:
        return self._server.send(
            "PATCH",
            self._path(ref),
            patch,
            doing=doing,
            params=(("fieldManager", FIELD_MANAGER),),
            content_type=_MERGE_PATCH,
        )

    def _path(self, ref: AppRef) -> str:
        namespace = checked(ref).namespace or self.default_namespace
        return f"{self._collection(namespace)}/{quoted(ref.name)}"

    def _listed_in(self, selection: Selection) -> str:
        everywhere = self.default_namespace if self._is_confined else ""
        return self._collection(selection.namespace or everywhere)

    @property
    def _is_confined(self) -> bool:
        return self._confined_until is not None and self._now() < self._confined_until

    def _collection(self, namespace: str) -> str:
        within = f"/namespaces/{quoted(namespace)}" if namespace else ""
        return f"{_API}{within}/applications"


def _operation_patch(app: Application, request: OperationRequest) -> JSONObject:
    """Return the patch that starts an operation, as Argo CD's own server would begin it."""
    policy = as_object(as_object(app.document.get("spec")).get("syncPolicy"))
    sync: dict[str, JSONValue] = {"revisions": []}
    if "syncOptions" in policy:
        sync["syncOptions"] = policy["syncOptions"]
    operation: dict[str, JSONValue] = {
        "initiatedBy": {
            "username": request.actor or INITIATOR,
            "automated": request.automated,
        },
        "info": [{"name": it.name, "value": it.value} for it in request.infos],
        "sync": sync,
    }
    if "retry" in policy:
        operation["retry"] = policy["retry"]
    patch: dict[str, JSONValue] = {
        "metadata": {
            "resourceVersion": app.resource_version,
            "annotations": {_REFRESH: "hard"},
        },
        "operation": operation,
    }
    if edit := edited_sources(app, request):
        patch["spec"] = edit
    # Else the controller mixes the results of the last operation into those of this one.
    if "status" in app.document:
        patch["status"] = {"operationState": None}
    return patch


def _selected(selection: Selection) -> tuple[tuple[str, str], ...]:
    return (("labelSelector", str(selection.selector)),) if selection.selector else ()


def _ref(app: Application) -> AppRef:
    return AppRef(app.namespace, app.name)
