"""The application controller: what becomes of operations and refreshes as time passes."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from tests.fakes.argocd import windows
from tests.fakes.argocd.clock import VirtualClock
from tests.fakes.argocd.store import APPLICATIONS, PROJECTS, Change, Document, Key, Store

REFRESH = "argocd.argoproj.io/refresh"
BLOCKED = "Sync operation blocked by sync window"
RUNNING = frozenset({"Running", "Terminating"})
SUCCESS = "successfully synced (all tasks run)"

Edit: TypeAlias = Callable[[Document], Document | None]


@dataclass(frozen=True)
class Outcome:
    """How one attempt at a sync ends.

    Attributes:
        revisions: What was synced; ``None`` for what the spec asked for.
        has_result: Whether there is a ``syncResult``.
    """

    phase: str = "Succeeded"
    message: str = SUCCESS
    revisions: tuple[str, ...] | None = None
    has_result: bool = True


class Script(Protocol):
    """Something that takes the controller's place for one Application."""

    def operation_set(self, operation: Document, /) -> None: ...

    def refresh_asked(self, kind: str, /) -> None: ...

    def terminating(self) -> None: ...


@dataclass
class Controller:
    """Watches the store and does what the real one does; a script may take its place.

    Attributes:
        is_running: A stopped controller sees nothing, and catches up when it is started.
        start_seconds: From ``.operation`` to Running.
        sync_seconds: From Running to completion.
        refresh_seconds: From a refresh that was asked for to ``reconciledAt``.
        outcomes: How the next attempts at syncing an Application end, by its name.
        health: What health the next comparison finds, by name; else Healthy after a sync.
        commits: The commit of a (repoURL, targetRevision).
        scripts: By (namespace, name).
    """

    store: Store
    clock: VirtualClock
    is_running: bool = True
    start_seconds: float = 1
    sync_seconds: float = 5
    refresh_seconds: float = 0
    outcomes: dict[str, list[Outcome]] = field(default_factory=dict)
    health: dict[str, str] = field(default_factory=dict)
    commits: dict[tuple[str, str], str] = field(default_factory=dict)
    scripts: dict[tuple[str, str], Script] = field(default_factory=dict)
    _missed: list[Change] = field(default_factory=list)

    def observe(self, change: Change) -> None:
        """React to a change, as it is made."""
        if change.key.kind != APPLICATIONS or change.type == "DELETED":
            return
        if not self.is_running:
            self._missed.append(change)
            return
        script = self.scripts.get((change.key.namespace, change.key.name))
        before, after = change.before or {}, change.document
        if after.get("operation") and after["operation"] != before.get("operation"):
            self._operation_set(change.key, script, after["operation"])
        asked = refresh_of(after)
        if asked and asked != refresh_of(before):
            self._refresh_asked(change.key, script, asked)
        if phase_of(after) == "Terminating" != phase_of(before):
            self._terminating(change.key, script)

    def start(self) -> None:
        """Start the controller again."""
        self.is_running = True
        missed, self._missed = self._missed, []
        for change in missed:
            self.observe(change)

    def revisions_of(self, application: Document) -> list[str]:
        """Return the commit or chart version of each source."""
        return [self._resolved(source) for source in sources_of(application["spec"])]

    def reconcile(self, key: Key, *, is_forced: bool = True) -> None:
        """Compare an Application with its sources; nothing new is not written unless forced."""
        if self.store.find(*key) is None:
            return
        self.store.change(key, lambda app: self._compared(app, is_forced=is_forced))
        self._auto_sync(key)

    def _operation_set(self, key: Key, script: Script | None, operation: Document) -> None:
        if script is not None:
            script.operation_set(operation)
        else:
            self.clock.call_in(self.start_seconds, lambda: self._begin(key, operation))

    def _refresh_asked(self, key: Key, script: Script | None, asked: str) -> None:
        if script is not None:
            script.refresh_asked(asked)
            return
        is_hard = asked == "hard"
        self.clock.call_in(self.refresh_seconds, lambda: self.reconcile(key, is_forced=is_hard))

    def _terminating(self, key: Key, script: Script | None) -> None:
        if script is not None:
            script.terminating()
            return
        ended = Outcome("Failed", "Operation terminated", has_result=False)
        self.clock.call_in(1, lambda: self._complete(key, ended))

    def _resolved(self, source: Document) -> str:
        wanted = str(source.get("targetRevision") or "HEAD")
        repository = str(source.get("repoURL", ""))
        found = self.commits.get((repository, wanted))
        if found is not None or source.get("chart"):
            return found or wanted
        is_commit = len(wanted) == 40 and all(it in "0123456789abcdef" for it in wanted)
        if is_commit:
            return wanted
        return hashlib.sha1(f"{repository}@{wanted}".encode(), usedforsecurity=False).hexdigest()

    def _begin(self, key: Key, operation: Document) -> None:
        app = self.store.find(*key)
        if app is None or app.get("operation") != operation:
            return
        if self._is_blocked(app, operation):
            self._set_state(key, phase="Running", message=BLOCKED, operation=operation)
            self.clock.call_in(1, lambda: self._begin(key, operation))
            return
        self._set_state(
            key,
            phase="Running",
            message="waiting for completion of hook or sync",
            operation=operation,
            startedAt=self.clock.stamp(),
        )
        self.clock.call_in(self.sync_seconds, lambda: self._attempted(key, operation))

    def _is_blocked(self, app: Document, operation: Document) -> bool:
        project = self.store.find(PROJECTS, _home(app), app["spec"].get("project") or "default")
        if project is None:
            return False
        is_manual = not (operation.get("initiatedBy") or {}).get("automated")
        found = windows.assigned(project, app, self.clock.server_now())
        return not windows.may_sync(found, is_manual=is_manual)

    def _attempted(self, key: Key, operation: Document) -> None:
        app = self.store.find(*key)
        if app is None or app.get("operation") != operation or phase_of(app) != "Running":
            return
        planned = self.outcomes.get(key.name)
        outcome = planned.pop(0) if planned else Outcome()
        retries = int(app["status"]["operationState"].get("retryCount") or 0)
        limit = int((operation.get("retry") or {}).get("limit") or 0)
        if outcome.phase == "Succeeded" or retries >= limit:
            self._complete(key, outcome)
            return
        message = f"{outcome.message}. Retrying attempt #{retries + 1} at 10:00AM."
        finished = self.clock.stamp()
        self._set_state(
            key, phase="Running", message=message, retryCount=retries + 1, finishedAt=finished
        )
        wait = backoff_seconds(operation, retries)
        self.clock.call_in(wait, lambda: self._again(key, operation))

    def _again(self, key: Key, operation: Document) -> None:
        app = self.store.find(*key)
        if app is None or app.get("operation") != operation:
            return
        self._set_state(key, phase="Running", message="retrying", finishedAt=None)
        self.clock.call_in(self.sync_seconds, lambda: self._attempted(key, operation))

    def _complete(self, key: Key, outcome: Outcome) -> None:
        if self.store.find(*key) is None:
            return
        self.store.change(key, lambda app: self._completed(app, outcome))
        self.clock.call_in(self.refresh_seconds, lambda: self.reconcile(key))

    def _completed(self, app: Document, outcome: Outcome) -> None:
        revisions = self.revisions_of(app) if outcome.revisions is None else [*outcome.revisions]
        result = _in_slots(app, revisions)
        app.pop("operation", None)
        status = app.setdefault("status", {})
        state = status.setdefault("operationState", {})
        state |= {"phase": outcome.phase, "message": outcome.message}
        state["finishedAt"] = self.clock.stamp()
        if outcome.has_result:
            state["syncResult"] = {**result, "resources": []}
        if outcome.phase == "Succeeded":
            status["sync"] = {"status": "Synced", **result}
            deployed = {"deployedAt": self.clock.stamp(), **result}
            status.setdefault("history", []).append(deployed)

    def _compared(self, app: Document, *, is_forced: bool) -> None:
        status = app.setdefault("status", {})
        before = repr(status)
        revisions = _in_slots(app, self.revisions_of(app))
        history = status.get("history")
        sync = status.setdefault("sync", {"status": "OutOfSync"})
        sync |= revisions
        if history:
            deployed = {name: history[-1].get(name) for name in revisions}
            sync["status"] = "Synced" if deployed == revisions else "OutOfSync"
        found = self.health.get(app["metadata"]["name"], "Healthy" if history else "")
        if found:
            status["health"] = {"status": found}
        app["metadata"].get("annotations", {}).pop(REFRESH, None)
        if is_forced or repr(status) != before:
            status["reconciledAt"] = self.clock.stamp()

    def _auto_sync(self, key: Key) -> None:
        app = self.store.get(*key)
        automated = is_automated(app["spec"])
        status = app.get("status", {})
        is_wanted = status.get("sync", {}).get("status") == "OutOfSync"
        if not (automated and is_wanted) or is_busy(app):
            return
        revisions = _in_slots(app, self.revisions_of(app))
        state = status.get("operationState") or {}
        tried = {name: (state.get("syncResult") or {}).get(name) for name in revisions}
        if tried == revisions and not app["spec"]["syncPolicy"]["automated"].get("selfHeal"):
            return
        operation = {"initiatedBy": {"automated": True}, "sync": revisions, "retry": {"limit": 5}}

        def begun(app: Document) -> None:
            app["operation"] = operation
            app["status"].pop("operationState", None)

        self.store.change(key, begun)

    def _set_state(self, key: Key, **values: Any) -> None:
        def edit(app: Document) -> None:
            status = app.setdefault("status", {})
            state = {**(status.get("operationState") or {}), **values}
            status["operationState"] = {k: v for k, v in state.items() if v is not None}

        self.store.change(key, edit)


def sources_of(spec: Document) -> list[Document]:
    """Return the sources of a spec, one or many."""
    if spec.get("sources"):
        return list(spec["sources"])
    return [spec["source"]] if spec.get("source") else []


def phase_of(app: Document) -> str:
    """Return the phase of an Application's operation; empty if it never had one."""
    return str(((app.get("status") or {}).get("operationState") or {}).get("phase") or "")


def refresh_of(app: Document) -> str:
    """Return the refresh that is asked for; empty if none is."""
    return str((app.get("metadata", {}).get("annotations") or {}).get(REFRESH) or "")


def is_busy(app: Document) -> bool:
    """Answer whether an operation is pending or running."""
    return bool(app.get("operation")) or phase_of(app) in RUNNING


def is_automated(spec: Document) -> bool:
    """Answer whether auto-sync is on."""
    automated = (spec.get("syncPolicy") or {}).get("automated")
    return automated is not None and automated.get("enabled") is not False


def backoff_seconds(operation: Document, retries: int) -> float:
    """Return the wait before the next attempt."""
    backoff = (operation.get("retry") or {}).get("backoff") or {}
    base = windows.duration_seconds(str(backoff.get("duration") or "5s"))
    ceiling = windows.duration_seconds(str(backoff.get("maxDuration") or "3m"))
    return float(min(base * int(backoff.get("factor") or 2) ** retries, ceiling))


def _in_slots(app: Document, revisions: list[str]) -> Document:
    if app["spec"].get("sources"):
        return {"revisions": revisions}
    return {"revision": revisions[0] if revisions else ""}


def _home(app: Document) -> str:
    return str(app.get("status", {}).get("controllerNamespace") or "argocd")
