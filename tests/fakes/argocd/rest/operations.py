"""Syncs over REST: start, terminate, and whether a window is in the way.

Source: argo-cd ``server/application`` (``Sync``, ``TerminateOperation``).
"""

import json
from typing import Any

from tests.fakes.argocd import windows
from tests.fakes.argocd.accounts import Account
from tests.fakes.argocd.controller import is_automated, phase_of, sources_of
from tests.fakes.argocd.rest.access import caller_of, enforce, key_of, named, visible_app
from tests.fakes.argocd.rest.answers import Code, denied, refusal
from tests.fakes.argocd.rest.fields import shown
from tests.fakes.argocd.site import Site
from tests.fakes.argocd.store import EVENTS, PROJECTS, Document
from tests.fakes.scm_server import Reply, Request

BUSY = "another operation is already in progress"
BUSY_TEXT = f"error setting app operation: rpc error: code = FailedPrecondition desc = {BUSY}"


def sync(site: Site, request: Request, name: str) -> Reply:
    """Start an operation, after all that may speak against it, in the server's order."""
    caller = caller_of(site, request)
    body: dict[str, Any] = request.body
    with site.store.lock:
        app = visible_app(site, caller, named(site, request, name))
        _check_windows(site, app)
        enforce(site, caller, "sync", app)
        if app["metadata"].get("deletionTimestamp"):
            raise refusal(Code.FAILED_PRECONDITION, "application is deleting")
        _check_revision(site, caller, app, body)
        _check_options(site, body)
        operation = _operation(site, app, caller, body)
        changed = site.store.change(key_of(app), lambda live: _set(site, live, operation))
        _emit(site, changed, caller)
        return Reply(200, shown(changed))


def terminate(site: Site, request: Request, name: str) -> Reply:
    """Ask the running operation to end."""
    caller = caller_of(site, request)
    with site.store.lock:
        app = visible_app(site, caller, named(site, request, name))
        enforce(site, caller, "sync", app)
        if not app.get("operation") or not phase_of(app):
            text = "Unable to terminate operation. No operation is in progress"
            raise refusal(Code.INVALID_ARGUMENT, text)
        site.store.change(key_of(app), _terminating)
    return Reply(200, {})


def sync_windows(site: Site, request: Request, name: str) -> Reply:
    """Say whether a person may sync now, and which windows there are."""
    caller = caller_of(site, request)
    app = visible_app(site, caller, named(site, request, name))
    try:
        found = _assigned(site, app)
    except windows.WindowError as error:
        raise refusal(Code.UNKNOWN, f"invalid sync windows: {error}") from error
    lists = {"activeWindows": found.active, "assignedWindows": found.windows}
    told = {name: [_shown(window) for window in it] for name, it in lists.items() if it}
    return Reply(200, {**told, "canSync": windows.may_sync(found, is_manual=True)})


def _assigned(site: Site, app: Document) -> windows.Assigned:
    name = app["spec"].get("project") or "default"
    project = site.store.find(PROJECTS, site.settings.namespace, name)
    return windows.assigned(project or {}, app, site.clock.server_now())


def _check_windows(site: Site, app: Document) -> None:
    try:
        found = _assigned(site, app)
    except windows.WindowError as error:
        raise denied(f"cannot sync: invalid sync window: {error}") from error
    if not windows.may_sync(found, is_manual=True):
        raise denied("cannot sync: blocked by sync window")


def _check_revision(site: Site, caller: Account, app: Document, body: dict[str, Any]) -> None:
    revision, spec = body.get("revision") or "", app["spec"]
    sources = sources_of(spec)
    _check_positions(body, len(sources))
    targets = [str(source.get("targetRevision") or "HEAD") for source in sources]
    if not revision or revision in targets:
        return
    if is_automated(spec) and not body.get("dryRun"):
        text = f"Cannot sync to {revision}: auto-sync currently set to {targets[0]}"
        raise refusal(Code.FAILED_PRECONDITION, text)
    enforce(site, caller, "override", app)


def _check_positions(body: dict[str, Any], count: int) -> None:
    positions = body.get("sourcePositions") or []
    if any(not isinstance(position, int) for position in positions):
        raise refusal(Code.INVALID_ARGUMENT, "json: cannot unmarshal string into Go value of int64")
    if any(position < 1 or position > count for position in positions):
        raise refusal(Code.UNKNOWN, "source position is out of range")
    if len(positions) != len(body.get("revisions") or []):
        text = "sourcePositions and revisions are expected to have the same length"
        raise refusal(Code.UNKNOWN, text)


def _check_options(site: Site, body: dict[str, Any]) -> None:
    options = (body.get("syncOptions") or {}).get("items") or []
    if "Replace=true" in options and not site.settings.allows_replace:
        text = "sync with replace was disabled on the API Server level via the server configuration"
        raise refusal(Code.FAILED_PRECONDITION, text)


def _operation(site: Site, app: Document, caller: Account, body: dict[str, Any]) -> Document:
    spec, policy = app["spec"], app["spec"].get("syncPolicy") or {}
    resolved = site.controller.revisions_of(app)
    for revision, place in zip(
        body.get("revisions") or [], body.get("sourcePositions") or [], strict=True
    ):
        resolved[place - 1] = revision
    is_many = bool(spec.get("sources"))
    single = body.get("revision") or (resolved[0] if resolved else "")
    options = (body.get("syncOptions") or {}).get("items") or policy.get("syncOptions")
    sync_part: Document = (
        {"sources": spec["sources"], "revisions": resolved}
        if is_many
        else {"source": spec.get("source") or {"repoURL": ""}, "revision": single}
    )
    for name in ("prune", "dryRun", "resources", "manifests"):
        if body.get(name):
            sync_part[name] = body[name]
    if body.get("strategy"):
        sync_part["syncStrategy"] = body["strategy"]
    if options:
        sync_part["syncOptions"] = options
    operation: Document = {"initiatedBy": {"username": caller.name}, "sync": sync_part}
    if body.get("infos"):
        operation["info"] = body["infos"]
    return {**operation, "retry": body.get("retryStrategy") or policy.get("retry") or {}}


def _set(site: Site, live: Document, operation: Document) -> None:
    if live.get("operation"):  # Which is all that the server looks at; a phase says nothing.
        raise refusal(Code.FAILED_PRECONDITION, BUSY_TEXT)
    before = json.loads(json.dumps(live))
    live["operation"] = operation
    live.get("status", {}).pop("operationState", None)
    site.wrote("rest", before, live)


def _terminating(live: Document) -> None:
    live["status"]["operationState"]["phase"] = "Terminating"


def _emit(site: Site, app: Document, caller: Account) -> None:
    meta = app["metadata"]
    site.store.add(
        EVENTS,
        {
            "metadata": {
                "name": f"{meta['name']}.{meta['resourceVersion']}",
                "namespace": meta["namespace"],
            },
            "reason": "OperationStarted",
            "type": "Normal",
            "message": f"{caller.name} initiated sync",
            "involvedObject": {"kind": "Application", "name": meta["name"], "uid": meta["uid"]},
        },
    )


def _shown(window: Document) -> Document:
    names = ("kind", "schedule", "duration", "manualSync")
    return {name: window[name] for name in names if name in window}
