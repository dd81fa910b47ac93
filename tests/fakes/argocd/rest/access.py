"""Who calls argocd-server, and which Application they may see: also when a 403 hides a 404.

Source: argo-cd ``server/application`` (``getApplicationEnforceRBACInformer``).
"""

from dataclasses import dataclass
from typing import Any

from tests.fakes.argocd.accounts import Account, Refused
from tests.fakes.argocd.rest.answers import Code, denied, missing, refusal
from tests.fakes.argocd.site import Site
from tests.fakes.argocd.store import APPLICATIONS, PROJECTS, Document, Key
from tests.fakes.scm_server import Request

_DOTS_IN_TOKEN = 2


@dataclass(frozen=True)
class Named:
    """How a request names an Application."""

    name: str
    namespace: str
    project: str
    is_ambiguous: bool = False


def caller_of(site: Site, request: Request) -> Account:
    """Return who calls; the header wins over the cookie. Raises a 401."""
    found = site.accounts.caller(token_of(request))
    if isinstance(found, Refused):
        raise refusal(Code.UNAUTHENTICATED, found.value)
    return found


def named(site: Site, request: Request, name: str) -> Named:
    """Return which Application a request is about: in the body of a write, else in the query."""
    body: dict[str, Any] = request.body if request.method in {"POST", "PATCH"} else {}
    projects = [it for key in ("project", "projects") for it in request.params(key)]
    project = str(body.get("project") or (projects[0] if projects else ""))
    namespace = str(body.get("appNamespace") or request.param("appNamespace"))
    return Named(name, namespace or site.settings.namespace, project, len(projects) > 1)


def rbac_name(site: Site, project: str, namespace: str, name: str) -> str:
    """Return the object that the policy is asked about."""
    if namespace == site.settings.namespace:
        return f"{project}/{name}"
    return f"{project}/{namespace}/{name}"


def rbac_name_of(site: Site, app: Document) -> str:
    """Return the object of an Application."""
    meta = app["metadata"]
    return rbac_name(site, app["spec"].get("project") or "default", meta["namespace"], meta["name"])


def enforce(site: Site, account: Account, action: str, app: Document) -> None:
    """Raise a 403 unless the account may do this to an Application that it may get."""
    name = rbac_name_of(site, app)
    if not account.may("applications", action, name):
        raise denied(f"permission denied: applications, {action}, {name}, sub: {account.name}")


def visible_app(site: Site, account: Account, wanted: Named) -> Document:
    """Return an Application that the account may get. Raises 400, 403 or 404.

    A namespace that is not enabled, as everything that goes wrong with reading, is a 403.
    """
    if wanted.is_ambiguous:
        text = "multiple projects specified - the get endpoint accepts either zero or one project"
        raise refusal(Code.INVALID_ARGUMENT, text)
    if wanted.namespace not in {site.settings.namespace, *site.settings.namespaces}:
        raise denied()
    if wanted.project:
        name = rbac_name(site, wanted.project, wanted.namespace, wanted.name)
        if not account.may("applications", "get", name):
            raise denied()
    hidden = missing(wanted.name) if wanted.project else denied()
    app = site.store.find(APPLICATIONS, wanted.namespace, wanted.name)
    if app is None or not account.may("applications", "get", rbac_name_of(site, app)):
        raise hidden
    if wanted.project and (app["spec"].get("project") or "default") != wanted.project:
        raise hidden
    _check_project(site, app)
    return app


def _check_project(site: Site, app: Document) -> None:
    name = app["spec"].get("project") or "default"
    if site.store.find(PROJECTS, site.settings.namespace, name) is None:
        text = f'app is not allowed in project "{name}", or the project does not exist'
        raise refusal(Code.INVALID_ARGUMENT, text)


def key_of(app: Document) -> Key:
    """Return where an Application is kept."""
    return Key(APPLICATIONS, app["metadata"]["namespace"], app["metadata"]["name"])


def token_of(request: Request) -> str:
    """Return the token that a request bears; empty without one, or if it is none of three parts.

    Source: argo-cd ``server.getToken``.
    """
    kind, _, token = request.header("authorization").partition(" ")
    if kind == "Bearer" and _is_token(token):
        return token
    for pair in request.header("cookie").split(";"):
        name, _, value = pair.strip().partition("=")
        if name == "argocd.token" and _is_token(value):
            return value
    return ""


def _is_token(text: str) -> bool:
    return text.count(".") >= _DOTS_IN_TOKEN
