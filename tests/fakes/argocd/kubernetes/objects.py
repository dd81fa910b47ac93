"""Objects over the Kubernetes API: list, get, create, patch with optimistic locking, delete."""

import base64
import copy
import json
from typing import Any, NamedTuple

from tests.fakes.argocd.identities import Asked
from tests.fakes.argocd.kubernetes import answers
from tests.fakes.argocd.kubernetes.access import enforce
from tests.fakes.argocd.kubernetes.definitions import check_application, check_event, pruned
from tests.fakes.argocd.kubernetes.watch import watch
from tests.fakes.argocd.patches import PatchError, merged, patched
from tests.fakes.argocd.selectors import SelectorError, matches
from tests.fakes.argocd.site import Site
from tests.fakes.argocd.store import (
    API_VERSIONS,
    APPLICATIONS,
    APPSETS,
    DEPLOYMENTS,
    EVENTS,
    JOBS,
    PODS,
    PROJECTS,
    Document,
    ExistsError,
    Key,
    MissingError,
)
from tests.fakes.scm_server import Refusal, Reply, Request

MERGE, JSON_PATCH = "application/merge-patch+json", "application/json-patch+json"
MEDIA_TYPES = (
    "the body of the request was in an unknown format - accepted media types include: "
    f"{JSON_PATCH}, {MERGE}, application/apply-patch+yaml"
)


class Resource(NamedTuple):
    """A kind of object as paths name it. Custom ones know no strategic merge."""

    group: str
    name: str

    def asked(self, verb: str, namespace: str = "") -> Asked:
        return Asked(verb, self.group, self.name, namespace)


RESOURCES = {
    APPLICATIONS: Resource("argoproj.io", APPLICATIONS),
    PROJECTS: Resource("argoproj.io", PROJECTS),
    APPSETS: Resource("argoproj.io", APPSETS),
    JOBS: Resource("batch", JOBS),
    PODS: Resource("", PODS),
    EVENTS: Resource("", EVENTS),
    DEPLOYMENTS: Resource("apps", DEPLOYMENTS),
}


def list_or_watch(site: Site, request: Request, kind: str, namespace: str = "") -> Reply:
    """List objects, a page at a time if asked to, or watch them."""
    resource = RESOURCES[kind]
    is_watch = request.param("watch").lower() in {"true", "1"}
    enforce(site, request, resource.asked("watch" if is_watch else "list", namespace))
    if is_watch:
        return watch(site, request, kind, namespace)
    try:
        with site.store.lock:
            found = [it for it in site.store.shown(kind, namespace) if _is_selected(request, it)]
            return _page(site, request, kind, found)
    except SelectorError as error:
        raise answers.bad_request(f"unable to parse requirement: {error}") from error


def get_object(site: Site, request: Request, kind: str, namespace: str, name: str) -> Reply:
    """Read one."""
    asked = RESOURCES[kind].asked("get", namespace)
    enforce(site, request, asked, name)
    found = site.store.find(kind, namespace, name)
    if found is None:
        raise answers.missing(asked, name)
    return Reply(200, found)


def create_object(site: Site, request: Request, kind: str, namespace: str) -> Reply:
    """Create one, with a name of its own or a generated one."""
    asked = RESOURCES[kind].asked("create", namespace)
    enforce(site, request, asked)
    document: Document = dict(request.body)
    meta = document.get("metadata")
    if not isinstance(meta, dict) or not (meta.get("name") or meta.get("generateName")):
        raise answers.invalid("metadata.name: Required value: name or generateName is required")
    name = meta.get("name") or f"{meta['generateName']}{site.store.version % 100_000:05d}"
    document["metadata"] = {**meta, "name": name, "namespace": namespace}
    if kind == EVENTS:
        check_event(document)
    try:
        return Reply(201, site.store.add(kind, document))
    except ExistsError:
        raise answers.exists(asked, str(name)) from None


def patch_object(site: Site, request: Request, kind: str, namespace: str, name: str) -> Reply:
    """Patch one: spec, metadata, operation and status in one go, for there is no subresource."""
    asked = RESOURCES[kind].asked("patch", namespace)
    enforce(site, request, asked, name)
    media = request.header("content-type").partition(";")[0].strip()
    if media not in {MERGE, JSON_PATCH}:
        raise Refusal(answers.status(415, "UnsupportedMediaType", MEDIA_TYPES))
    patch = _parsed(request, media)

    def edit(live: Document) -> Document:
        changed = _applied(live, patch, media)
        _check(changed, live, asked)
        if kind == APPLICATIONS:
            changed = pruned(changed)
            check_application(changed)
        changed["metadata"] |= {
            part: live["metadata"][part] for part in ("uid", "resourceVersion", "namespace")
        }
        if kind == APPLICATIONS and changed != live:
            site.wrote("kubernetes", live, changed)
        return changed

    try:
        return Reply(200, site.store.change(Key(kind, namespace, name), edit))
    except MissingError:
        raise answers.missing(asked, name) from None


def delete_object(site: Site, request: Request, kind: str, namespace: str, name: str) -> Reply:
    """Delete one."""
    asked = RESOURCES[kind].asked("delete", namespace)
    enforce(site, request, asked, name)
    if site.store.find(kind, namespace, name) is None:
        raise answers.missing(asked, name)
    site.store.remove(Key(kind, namespace, name))
    return Reply(200, {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"})


def _is_selected(request: Request, document: Document) -> bool:
    meta = document["metadata"]
    fields = request.param("fieldSelector")
    is_named = not fields or fields in {
        f"metadata.name={meta['name']}",
        f"metadata.name=={meta['name']}",
    }
    return is_named and matches(request.param("labelSelector"), meta.get("labels") or {})


def _page(site: Site, request: Request, kind: str, found: list[Document]) -> Reply:
    limit = int(request.param("limit") or "0")
    offset, version = 0, site.store.version
    if request.param("continue"):
        offset, version = _continued(site, request.param("continue"))
    end = offset + limit if limit else len(found)
    metadata: dict[str, Any] = {"resourceVersion": str(version)}
    if end < len(found):
        metadata["continue"] = base64.urlsafe_b64encode(f"{version}:{end}".encode()).decode()
        metadata["remainingItemCount"] = len(found) - end
    api_version, name = API_VERSIONS[kind]
    items = found[offset:end]
    return Reply(
        200,
        {"apiVersion": api_version, "kind": f"{name}List", "metadata": metadata, "items": [*items]},
    )


def _continued(site: Site, token: str) -> tuple[int, int]:
    try:
        version, offset = map(int, base64.urlsafe_b64decode(token).decode().split(":"))
    except ValueError:
        raise answers.bad_request("continue key is not valid: bad token") from None
    if version < site.store.compacted:
        raise Refusal(answers.status(410, "Expired", answers.OUTDATED))
    return offset, version


def _parsed(request: Request, media: str) -> Any:
    try:
        patch = json.loads(request.content)
    except ValueError as error:
        raise answers.bad_request(f"error decoding patch: {error}") from error
    wanted = dict if media == MERGE else list
    if not isinstance(patch, wanted):
        raise answers.bad_request("error decoding patch: json: cannot unmarshal")
    return patch


def _applied(live: Document, patch: Any, media: str) -> Document:
    try:
        changed = merged(live, patch) if media == MERGE else patched(live, patch)
    except PatchError as error:
        raise answers.invalid(
            f"the server rejected our request due to an error: {error}"
        ) from error
    return dict(copy.deepcopy(changed))


def _check(changed: Document, live: Document, asked: Asked) -> None:
    meta, name = changed.get("metadata"), str(live["metadata"]["name"])
    if not isinstance(meta, dict) or meta.get("name") != name:
        raise answers.bad_request("the name of the object does not match the name on the URL")
    if meta.get("resourceVersion") != live["metadata"]["resourceVersion"]:
        raise answers.conflict(asked, name)
    if meta.get("uid") != live["metadata"]["uid"]:
        raise answers.conflict(asked, name)
