"""Sessions, tokens, ``can-i`` and the version of argocd-server."""

import datetime as dt

import jwt

from tests.fakes.argocd.accounts import Refused
from tests.fakes.argocd.rest.access import caller_of, token_of
from tests.fakes.argocd.rest.answers import Code, denied, error
from tests.fakes.argocd.site import Site
from tests.fakes.scm_server import Reply, Request

ACTIONS = ("get", "create", "update", "delete", "sync", "override", "invoke", "action")
RESOURCES = (
    *(
        "clusters",
        "projects",
        "applications",
        "applicationsets",
        "repositories",
        "write-repositories",
    ),
    *("certificates", "accounts", "gpgkeys", "logs", "exec", "extensions"),
)
"""What ``can-i`` knows of; source: argo-cd ``util/rbac``."""


def version(site: Site, request: Request) -> Reply:
    """Say which version this is; to strangers nothing else."""
    known: dict[str, str] = {"Version": site.settings.version}
    if isinstance(site.accounts.caller(token_of(request)), Refused):
        return Reply(200, dict(known))
    return Reply(200, {**known, "GoVersion": "go1.25", "Platform": "linux/amd64"})


def open_session(site: Site, request: Request) -> Reply:
    """Log in."""
    name, password = str(request.body.get("username")), str(request.body.get("password"))
    token = site.accounts.login(name, password)
    if token is None:
        return error(Code.UNAUTHENTICATED, "Invalid username or password")
    return Reply(200, {"token": token})


def userinfo(site: Site, request: Request) -> Reply:
    """Say who calls; a bad token is a stranger, not an error."""
    caller = site.accounts.caller(token_of(request))
    if isinstance(caller, Refused):
        return Reply(200, {})
    return Reply(200, {"loggedIn": True, "username": caller.name, "iss": "argocd"})


def can_i(site: Site, request: Request, resource: str, action: str, **parts: str) -> Reply:
    """Say whether the caller may do something."""
    caller = caller_of(site, request)
    for known, asked in ((ACTIONS, action), (RESOURCES, resource)):
        if asked not in known:
            text = f"[{' '.join(known)}] does not contain {asked}"
            return error(Code.INVALID_ARGUMENT, text)
    allowed = caller.may(resource, action, "/".join(parts.values()))
    return Reply(200, {"value": "yes" if allowed else "no"})


def create_token(site: Site, request: Request, name: str) -> Reply:
    """Issue an API key for an account: their own, or by who may update accounts."""
    caller = caller_of(site, request)
    if caller.name != name and not caller.may("accounts", "update", name):
        raise denied()
    seconds = request.body.get("expiresIn") or 0
    if name not in site.accounts.accounts or not isinstance(seconds, int):
        return error(Code.NOT_FOUND, f"account '{name}' does not exist")
    return Reply(200, {"token": site.accounts.token(name, expires_in=seconds)})


def create_role_token(site: Site, request: Request, project: str, role: str) -> Reply:
    """Issue a key for a role of a project."""
    caller = caller_of(site, request)
    subject = f"proj:{project}:{role}"
    if not caller.may("projects", "update", project):
        raise denied()
    if subject not in site.accounts.accounts:
        return error(Code.NOT_FOUND, f"role '{role}' does not exist in project '{project}'")
    return Reply(200, {"token": site.accounts.token(subject)})


def account(site: Site, request: Request, name: str) -> Reply:
    """Show an account with when its caller's token was issued."""
    caller = caller_of(site, request)
    if caller.name != name and not caller.may("accounts", "get", name):
        raise denied()
    claims = jwt.decode(token_of(request), options={"verify_signature": False})
    issued = dt.datetime.fromtimestamp(claims["iat"], tz=dt.UTC)
    tokens = [{"id": claims["jti"], "issuedAt": int(issued.timestamp())}]
    return Reply(200, {"name": name, "enabled": True, "capabilities": ["apiKey"], "tokens": tokens})
