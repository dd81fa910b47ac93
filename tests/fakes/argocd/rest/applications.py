"""Applications over REST: list, get, patch, put a spec."""

import json
import re
from typing import Any

from tests.fakes.argocd.controller import REFRESH, sources_of
from tests.fakes.argocd.patches import PatchError, merged, patched
from tests.fakes.argocd.rest.access import (
    caller_of,
    enforce,
    key_of,
    named,
    rbac_name_of,
    visible_app,
)
from tests.fakes.argocd.rest.answers import Code, missing, refusal
from tests.fakes.argocd.rest.fields import listed, shown
from tests.fakes.argocd.selectors import SelectorError, matches
from tests.fakes.argocd.server import Abandoned, Caller
from tests.fakes.argocd.site import Site
from tests.fakes.argocd.store import APPLICATIONS, PROJECTS, Document
from tests.fakes.scm_server import Reply, Request

POLL_SECONDS = 0.02


def visible_apps(site: Site, request: Request) -> list[Document]:
    """Return the Applications that a request selects, less those that its caller may not get."""
    caller = caller_of(site, request)
    namespaces = {site.settings.namespace, *site.settings.namespaces}
    asked_projects = request.params("project") or request.params("projects")
    try:
        return [
            app
            for app in site.store.shown(APPLICATIONS, request.param("appNamespace"))
            if app["metadata"]["namespace"] in namespaces
            and request.param("name") in {"", app["metadata"]["name"]}
            and (not asked_projects or (app["spec"].get("project") or "default") in asked_projects)
            and matches(request.param("selector"), app["metadata"].get("labels") or {})
            and (not request.param("repo") or request.param("repo") in _repositories(app))
            and caller.may("applications", "get", rbac_name_of(site, app))
        ]
    except SelectorError as error:
        raise refusal(Code.UNKNOWN, f"error parsing the selector: {error}") from error


def list_applications(site: Site, request: Request) -> Reply:
    """List Applications; per-resource health is not in there."""
    items = [listed(shown(app), request.param("fields")) for app in visible_apps(site, request)]
    version = str(site.store.version)
    # What was no item on the way from server to gateway is null when it arrives.
    return Reply(200, {"metadata": {"resourceVersion": version}, "items": [*items] or None})


def get_application(site: Site, request: Request, name: str) -> Reply:
    """Read one live, after a refresh if one is asked for."""
    caller = caller_of(site, request)
    wanted = named(site, request, name)
    app = visible_app(site, caller, wanted)
    asked = request.params("refresh")
    if not asked:
        return Reply(200, shown(app))
    _refresh(site, app, "hard" if asked[-1] == "hard" else "normal")
    return Reply(200, shown(_refreshed(site, request, app)))


def patch_application(site: Site, request: Request, name: str) -> Reply:
    """Patch spec, labels, annotations and finalizers; all else in the patch is forgotten."""
    caller = caller_of(site, request)
    body: dict[str, Any] = request.body
    app = visible_app(site, caller, named(site, request, name))
    enforce(site, caller, "update", app)
    changed = _patched(app, str(body.get("patch", "")), str(body.get("patchType") or "json"))
    _validate(site, changed)
    return Reply(200, shown(_written(site, app, changed)))


def put_spec(site: Site, request: Request, name: str) -> Reply:
    """Replace the spec; ``validate=false`` takes any."""
    caller = caller_of(site, request)
    app = visible_app(site, caller, named(site, request, name))
    enforce(site, caller, "update", app)
    changed = {**app, "spec": request.body}
    if request.param("validate") != "false":
        _validate(site, changed)
    return Reply(200, _written(site, app, changed)["spec"])


def _patched(app: Document, patch: str, kind: str) -> Document:
    if kind not in {"json", "merge"}:
        text = f"Patch type '{kind}' is not supported"
        raise refusal(Code.INVALID_ARGUMENT, text)
    prefix = "error applying patch" if kind == "json" else "error calculating merge patch"
    try:
        parsed = json.loads(patch)
    except ValueError as error:
        raise refusal(Code.UNKNOWN, f"error decoding {kind} patch: {error}") from error
    try:
        changed = patched(app, parsed) if kind == "json" else merged(app, parsed)
    except PatchError as error:
        raise refusal(Code.UNKNOWN, f"{prefix}: {error}") from error
    if not isinstance(changed.get("spec"), dict) or not isinstance(changed.get("metadata"), dict):
        raise refusal(Code.UNKNOWN, "error unmarshaling the patched app: json: cannot unmarshal")
    return dict(changed)


def _validate(site: Site, app: Document) -> None:
    spec, name = app["spec"], app["metadata"]["name"]
    problems = _problems(site, spec)
    if problems:
        cause = f"application spec for {name} is invalid: InvalidSpecError: {'; '.join(problems)}"
        text = f"rpc error: code = InvalidArgument desc = {cause}"
        raise refusal(Code.INVALID_ARGUMENT, f"error validating and normalizing app: {text}")


def _problems(site: Site, spec: Document) -> list[str]:
    problems = []
    found = sources_of(spec)
    if not found:
        problems.append("spec.source.repoURL and either spec.source.path or chart are required")
    if not isinstance(spec.get("destination"), dict):
        problems.append("Destination server missing from app spec")
    project = spec.get("project") or "default"
    if site.store.find(PROJECTS, site.settings.namespace, project) is None:
        problems.append(f"Application referencing project {project} which does not exist")
    for source in found:
        repository = source.get("repoURL")
        if repository in site.settings.broken_repositories:
            cause = "error testing repository connectivity: authentication required"
            problems.append(f"repository not accessible: rpc error: code = Unknown desc = {cause}")
    return problems


def _written(site: Site, app: Document, changed: Document) -> Document:
    meta = changed["metadata"]

    def edit(live: Document) -> None:
        before = json.loads(json.dumps(live))
        live["spec"] = changed["spec"]
        for part in ("labels", "annotations", "finalizers"):
            if meta.get(part):
                live["metadata"][part] = meta[part]
            else:
                live["metadata"].pop(part, None)
        if live != before:
            site.wrote("rest", before, live)

    return site.store.change(key_of(app), edit)


def _refresh(site: Site, app: Document, kind: str) -> None:
    def edit(live: Document) -> None:
        before = json.loads(json.dumps(live))
        live["metadata"].setdefault("annotations", {})[REFRESH] = kind
        site.wrote("rest", before, live)

    site.store.change(key_of(app), edit)


def _refreshed(site: Site, request: Request, app: Document) -> Document:
    is_there = request.is_there if isinstance(request, Caller) else lambda: True
    passing = site.settings.passing_seconds
    with site.clock.changed:
        while is_there():
            live = site.store.find(*key_of(app))
            if live is None:
                raise missing(app["metadata"]["name"])
            if REFRESH not in (live["metadata"].get("annotations") or {}):
                return live
            if passing > 0:
                passing -= 1
                site.clock.advance(1)
            else:
                site.clock.changed.wait(POLL_SECONDS)
    raise Abandoned


def _repositories(app: Document) -> list[str]:
    return [re.sub(r"\.git$", "", str(it.get("repoURL"))) for it in sources_of(app["spec"])] + [
        str(it.get("repoURL")) for it in sources_of(app["spec"])
    ]
