"""Projects, ApplicationSets, resource trees and pod logs over REST: what is only read."""

from tests.fakes.argocd.rest.access import caller_of, named, rbac_name_of, visible_app
from tests.fakes.argocd.rest.answers import Code, denied, refusal
from tests.fakes.argocd.selectors import matches
from tests.fakes.argocd.site import Site
from tests.fakes.argocd.store import APPSETS, PROJECTS, Document
from tests.fakes.scm_server import Reply, Request


def list_projects(site: Site, request: Request) -> Reply:
    """List the projects that the caller may get."""
    caller = caller_of(site, request)
    items = [
        project
        for project in site.store.all(PROJECTS)
        if caller.may("projects", "get", project["metadata"]["name"])
    ]
    return Reply(200, {"metadata": {}, "items": [*items]})


def get_project(site: Site, request: Request, name: str) -> Reply:
    """Read a project."""
    return Reply(200, _project(site, request, name))


def project_windows(site: Site, request: Request, name: str) -> Reply:
    """Read the windows of a project, in full."""
    spec = _project(site, request, name)["spec"]
    return Reply(200, {"windows": spec.get("syncWindows") or []})


def list_appsets(site: Site, request: Request) -> Reply:
    """List the ApplicationSets that the caller may get."""
    caller = caller_of(site, request)
    items = [
        appset
        for appset in site.store.all(APPSETS, request.param("appsetNamespace"))
        if caller.may("applicationsets", "get", f"{_project_of(appset)}/{_name(appset)}")
        and (not request.params("projects") or _project_of(appset) in request.params("projects"))
        and matches(request.param("selector"), appset["metadata"].get("labels") or {})
    ]
    return Reply(200, {"metadata": {}, "items": [*items]})


def get_appset(site: Site, request: Request, name: str) -> Reply:
    """Read an ApplicationSet."""
    caller = caller_of(site, request)
    namespace = request.param("appsetNamespace") or site.settings.namespace
    appset = site.store.find(APPSETS, namespace, name)
    if appset is None:
        text = f'error getting ApplicationSet: applicationsets.argoproj.io "{name}" not found'
        raise refusal(Code.NOT_FOUND, text)
    if not caller.may("applicationsets", "get", f"{_project_of(appset)}/{name}"):
        raise denied()
    return Reply(200, appset)


def resource_tree(site: Site, request: Request, name: str) -> Reply:
    """Show a tree that follows from what the Application says of its resources."""
    caller = caller_of(site, request)
    app = visible_app(site, caller, named(site, request, name))
    nodes = [
        {"uid": f"{name}-{number}", "parentRefs": [], **resource}
        for number, resource in enumerate(app.get("status", {}).get("resources") or [])
    ]
    return Reply(200, {"nodes": [*nodes], "shardsCount": 1} if nodes else {"shardsCount": 1})


def logs(site: Site, request: Request, name: str) -> Reply:
    """Show a pod's log, if the caller may see logs."""
    caller = caller_of(site, request)
    app = visible_app(site, caller, named(site, request, name))
    if not caller.may("logs", "get", rbac_name_of(site, app)):
        raise denied()
    lines = site.jobs.logs.get(request.param("podName"), "").splitlines()
    wrapped = (f'{{"result":{{"content":"{line}","last":false}}}}' for line in lines)
    return Reply(200, raw="\n".join(wrapped).encode())


def _project(site: Site, request: Request, name: str) -> Document:
    caller = caller_of(site, request)
    if not caller.may("projects", "get", name):
        raise denied(f"permission denied: projects, get, {name}, sub: {caller.name}")
    project = site.store.find(PROJECTS, site.settings.namespace, name)
    if project is None:
        raise refusal(Code.NOT_FOUND, f'appprojects.argoproj.io "{name}" not found')
    return project


def _project_of(appset: Document) -> str:
    template = appset.get("spec", {}).get("template", {})
    return str(template.get("spec", {}).get("project") or "default")


def _name(appset: Document) -> str:
    return str(appset["metadata"]["name"])
