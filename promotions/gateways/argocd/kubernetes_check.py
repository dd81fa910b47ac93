"""What are we to a Kubernetes cluster with an Argo CD, and what may we do there?"""

from dataclasses import replace
from datetime import datetime

from common.jsontypes import JSONObject, as_object, as_text
from promotions.gateways.argocd.conversation import Conversation, Lost
from promotions.gateways.argocd.errors import FORBIDDEN, NOT_FOUND, Problem, error_of
from promotions.gateways.argocd.findings import Need, finding, findings_of
from promotions.gateways.argocd.tokens import expires_at, subject
from promotions.ports.argocd_errors import ArgoCDError, ArgoCDUnavailableError
from promotions.ports.argocd_findings import Findings, Permission, Scope

_NEEDS = (
    Need("applications", "get", "see Applications and their health"),
    Need("applications", "list", "find Applications by their labels"),
    Need("applications", "watch", "notice changes at once"),
    Need("applications", "patch", "sync Applications and edit their sources"),
    Need("appprojects", "get", "show a project's sync windows", required=False),
    Need("appprojects", "list", "show the projects", required=False),
    Need("applicationsets", "get", "tell which ApplicationSet owns an edit", required=False),
    Need("events", "create", "note syncs as events", required=False, group=""),
)
_WHO = "tell who its account is"


def check_kubernetes(
    server: Conversation, scopes: tuple[Scope, ...], *, default_namespace: str, now: datetime
) -> Findings:
    """Return the account, and its rights in each namespace; Argo CD's version is not told here."""
    account = subject(server.token)
    ends_at = expires_at(server.token)
    namespaces = dict.fromkeys(it.namespace or default_namespace for it in scopes)
    try:
        account = _account(server) or account
        server.read("/apis/argoproj.io/v1alpha1", doing="find Argo CD's resources")
        rights = tuple(
            _right(server, need, namespace)
            for namespace in namespaces or (default_namespace,)
            for need in _NEEDS
        )
    except ArgoCDError as error:
        return finding(error, version="", account=account, ends_at=ends_at, now=now)
    findings = findings_of(rights, version="", account=account, ends_at=ends_at, now=now)
    if ends_at is None and not server.token and not findings.reason:
        return replace(findings, account=account or "client certificate")
    return findings


def _account(server: Conversation) -> str:
    """Return the account's full name; empty if the cluster is too old to tell (before 1.28)."""
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    answer = server.send("POST", path, review, doing=_WHO)
    if isinstance(answer, Problem) and answer.status in {NOT_FOUND, FORBIDDEN}:
        return ""
    status = as_object(_answered(server, answer, _WHO).get("status"))
    return as_text(as_object(status.get("userInfo")).get("username"))


def _right(server: Conversation, need: Need, namespace: str) -> Permission:
    doing = f"tell whether its account may {need.verb} {need.resource}"
    review: JSONObject = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {
            "resourceAttributes": {
                "group": need.group,
                "resource": need.resource,
                "verb": need.verb,
                "namespace": namespace,
            }
        },
    }
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    answer = _answered(server, server.send("POST", path, review, doing=doing), doing)
    allowed = as_object(answer.get("status")).get("allowed")
    return need.found(namespace, allowed=allowed if isinstance(allowed, bool) else None)


def _answered(server: Conversation, answer: JSONObject | Problem | Lost, doing: str) -> JSONObject:
    match answer:
        case Lost():
            raise ArgoCDUnavailableError(answer.message, retryable=True)
        case Problem():
            raise error_of(answer, name=server.name, doing=doing)
        case _:
            return answer
