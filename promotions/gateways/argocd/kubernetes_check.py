"""What are we to a Kubernetes cluster with an Argo CD, and what may we do there?"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from common.jsontypes import JSONObject, as_object, as_text
from promotions.engine.argocd.bearer_tokens import (
    ServiceAccount,
    expires_at,
    service_account,
    subject,
)
from promotions.gateways.argocd.conversation import Conversation, Lost
from promotions.gateways.argocd.errors import FORBIDDEN, NOT_FOUND, Problem, error_of
from promotions.gateways.argocd.findings import Need, finding, findings_of
from promotions.gateways.argocd.installed_version import DEPLOYMENT, installed_version
from promotions.gateways.argocd.token_requests import renewed_token
from promotions.ports.argocd_errors import ArgoCDError, ArgoCDUnavailableError
from promotions.ports.argocd_findings import RENEW_TOKEN, Findings, Permission, Scope

_NEEDS = (
    Need("applications", "get", "see Applications and their health"),
    Need("applications", "list", "find Applications by their labels"),
    Need("applications", "watch", "notice changes at once"),
    Need("applications", "patch", "sync Applications and edit their sources"),
    Need("events", "create", "note syncs as events", required=False, group=""),
)
"""In every namespace of Applications."""
_HOME_NEEDS = (
    Need("appprojects", "get", "wait for a project's sync windows", required=False),
    Need("deployments", "get", "tell Argo CD's version", required=False, group="apps"),
)
"""Where Argo CD itself is."""
_TOKEN_NEED = Need(
    "serviceaccounts/token", "create", "renew the token before it ends", required=False, group=""
)
_NAMES = {"deployments": DEPLOYMENT}
_WHO = "tell who its account is"
_FOUND = "find Argo CD's resources"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a right is needed: in a namespace, perhaps on one thing only."""

    namespace: str
    name: str = ""


def check_kubernetes(
    server: Conversation, scopes: tuple[Scope, ...], *, default_namespace: str, now: datetime
) -> Findings:
    """Return the account, its rights in each namespace, and Argo CD's version if it can be read.

    A ServiceAccount that may get itself tokens gets one if it is time for that.
    """
    account = subject(server.token)
    ends_at = expires_at(server.token)
    namespaces = tuple(dict.fromkeys(it.namespace or default_namespace for it in scopes))
    try:
        account = _account(server) or account
        server.read("/apis/argoproj.io/v1alpha1", doing=_FOUND)
        rights = tuple(
            _right(server, need, place)
            for need, place in _needs(
                namespaces or (default_namespace,),
                home=default_namespace,
                holder=service_account(server.token) if ends_at else None,
            )
        )
    except ArgoCDError as error:
        return finding(error, version="", account=account, ends_at=ends_at, now=now)
    version = installed_version(server, namespace=default_namespace)
    findings = findings_of(rights, version=version, account=account, ends_at=ends_at, now=now)
    if any(it.action == RENEW_TOKEN and it.allowed for it in rights):
        findings = replace(findings, renewed_token=renewed_token(server, now=now))
    if ends_at is None and not server.token and not findings.reason:
        return replace(findings, account=account or "client certificate")
    return findings


def _needs(
    namespaces: tuple[str, ...], *, home: str, holder: ServiceAccount | None
) -> Iterator[tuple[Need, _Place]]:
    """Yield which rights are needed and where; ``holder`` has a token that ends."""
    for namespace in namespaces:
        for need in _NEEDS:
            yield need, _Place(namespace)
    for need in _HOME_NEEDS:
        yield need, _Place(home, _NAMES.get(need.resource, ""))
    if holder is not None:
        yield _TOKEN_NEED, _Place(holder.namespace, holder.name)


def _account(server: Conversation) -> str:
    """Return the account's full name; empty if the cluster is too old to tell (before 1.28)."""
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    answer = server.send("POST", path, review, doing=_WHO)
    if isinstance(answer, Problem) and answer.status in {NOT_FOUND, FORBIDDEN}:
        return ""
    status = as_object(_answered(server, answer, _WHO).get("status"))
    return as_text(as_object(status.get("userInfo")).get("username"))


def _right(server: Conversation, need: Need, place: _Place) -> Permission:
    doing = f"tell whether its account may {need.verb} {need.resource}"
    resource, _, subresource = need.resource.partition("/")
    attributes = {
        "group": need.group,
        "resource": resource,
        "subresource": subresource,
        "verb": need.verb,
        "namespace": place.namespace,
        "name": place.name,
    }
    review: JSONObject = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {key: it for key, it in attributes.items() if it}},
    }
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    answer = _answered(server, server.send("POST", path, review, doing=doing), doing)
    allowed = as_object(answer.get("status")).get("allowed")
    scope = f"{place.namespace}/{place.name}" if place.name else place.namespace
    return need.found(scope, allowed=allowed if isinstance(allowed, bool) else None)


def _answered(server: Conversation, answer: JSONObject | Problem | Lost, doing: str) -> JSONObject:
    match answer:
        case Lost():
            raise ArgoCDUnavailableError(answer.message, retryable=True)
        case Problem():
            raise error_of(answer, name=server.name, doing=doing)
        case _:
            return answer
