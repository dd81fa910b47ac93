"""What are we to an Argo CD, and what may we do there, as its own API tells?"""

from datetime import datetime
from urllib.parse import quote

from common.jsontypes import as_text
from promotions.engine.argocd.bearer_tokens import expires_at
from promotions.gateways.argocd.conversation import Conversation
from promotions.gateways.argocd.findings import Need, finding, findings_of
from promotions.ports.argocd_errors import ArgoCDError, ArgoCDUnauthorizedError
from promotions.ports.argocd_findings import Findings, Permission, Scope

_NEEDS = (
    Need("applications", "get", "see Applications and their health"),
    Need("applications", "sync", "sync Applications"),
    Need("applications", "update", "edit sources, if a step does", required=False),
    Need("projects", "get", "show a project's sync windows", required=False),
    Need("applicationsets", "get", "tell which ApplicationSet owns an edit", required=False),
    Need("logs", "get", "show logs of pods", required=False),
)


def check_rest(
    server: Conversation, scopes: tuple[Scope, ...], *, default_namespace: str, now: datetime
) -> Findings:
    """Return the version, the account, and its rights in each scope."""
    version, account = "", ""
    ends_at = expires_at(server.token)
    try:
        version = as_text(server.read("/api/version", doing="tell its version").get("Version"))
        user = server.read("/api/v1/session/userinfo", doing="tell who its account is")
        if user.get("loggedIn") is not True:
            raise ArgoCDUnauthorizedError(
                f"{server.name} does not accept the token, which may be expired or revoked; set a"
                " new one."
            )
        account = as_text(user.get("username"))
        rights = tuple(
            _right(server, need, scope, default_namespace)
            for scope in scopes or (Scope(),)
            for need in _NEEDS
        )
    except ArgoCDError as error:
        return finding(error, version=version, account=account, ends_at=ends_at, now=now)
    return findings_of(rights, version=version, account=account, ends_at=ends_at, now=now)


def _right(server: Conversation, need: Need, scope: Scope, default_namespace: str) -> Permission:
    place = _object(need, scope, default_namespace)
    # The object is the rest of the path: with its slashes quoted, some proxies refuse it.
    path = f"/api/v1/account/can-i/{need.resource}/{need.verb}/{quote(place, safe='/*')}"
    try:
        value = server.read(path, doing=f"tell whether its account may {need.verb}").get("value")
    except ArgoCDUnauthorizedError:
        raise
    except ArgoCDError as error:
        if error.retryable:
            raise
        value = None
    return need.found(place, allowed=None if value not in {"yes", "no"} else value == "yes")


def _object(need: Need, scope: Scope, default_namespace: str) -> str:
    """Return Argo CD's name for what a right is on: its namespace only if it is not Argo CD's."""
    if need.resource == "projects":
        return scope.project
    elsewhere = scope.namespace not in {"", default_namespace}
    return f"{scope.project}/{scope.namespace}/*" if elsewhere else f"{scope.project}/*"
