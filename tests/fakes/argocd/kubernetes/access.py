"""Who calls the Kubernetes API, and whether they may."""

from tests.fakes.argocd.identities import Asked, ServiceAccount
from tests.fakes.argocd.kubernetes.answers import forbidden, unauthorized
from tests.fakes.argocd.site import Site
from tests.fakes.scm_server import Request


def caller_of(site: Site, request: Request) -> ServiceAccount:
    """Return who calls. Raises a 401."""
    kind, _, token = request.header("authorization").partition(" ")
    found = site.identities.caller(token.strip()) if kind.lower() == "bearer" else None
    if found is None:
        raise unauthorized()
    return found


def enforce(site: Site, request: Request, asked: Asked, name: str = "") -> ServiceAccount:
    """Return who calls, if they may do this. Raises 401 and 403."""
    caller = caller_of(site, request)
    if not caller.may(asked):
        raise forbidden(caller.user, asked, name)
    return caller
