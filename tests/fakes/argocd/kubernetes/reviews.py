"""What the Kubernetes API says about itself and its caller: version, reviews, tokens, groups."""

import datetime as dt

from common.jsontypes import JSONValue
from tests.fakes.argocd.clock import written
from tests.fakes.argocd.identities import Asked
from tests.fakes.argocd.kubernetes import answers
from tests.fakes.argocd.kubernetes.access import caller_of, enforce
from tests.fakes.argocd.site import Site
from tests.fakes.scm_server import Reply, Request

SHORTEST_TOKEN_SECONDS = 600
DEFAULT_TOKEN_SECONDS = 3600


def version(site: Site, request: Request) -> Reply:
    """Say which version this is, to anybody."""
    major, minor = site.settings.kubernetes_version.removeprefix("v").split(".")[:2]
    git = site.settings.kubernetes_version
    return Reply(200, {"major": major, "minor": minor, "gitVersion": git})


def resources(site: Site, request: Request) -> Reply:
    """Say which kinds Argo CD brings."""
    caller_of(site, request)
    kinds = (
        ("applications", "Application"),
        ("appprojects", "AppProject"),
        ("applicationsets", "ApplicationSet"),
    )
    listed: list[JSONValue] = [
        {"name": name, "kind": kind, "namespaced": True, "verbs": ["get", "list", "watch", "patch"]}
        for name, kind in kinds
    ]
    return Reply(
        200,
        {"kind": "APIResourceList", "groupVersion": "argoproj.io/v1alpha1", "resources": listed},
    )


def self_review(site: Site, request: Request) -> Reply:
    """Say who the caller is."""
    caller = caller_of(site, request)
    groups: list[JSONValue] = ["system:serviceaccounts", "system:authenticated"]
    user: dict[str, JSONValue] = {"username": caller.user, "groups": groups}
    return Reply(201, {**request.body, "status": {"userInfo": user}})


def access_review(site: Site, request: Request) -> Reply:
    """Say whether the caller may do something."""
    caller = caller_of(site, request)
    spec = request.body.get("spec")
    attributes = spec.get("resourceAttributes") if isinstance(spec, dict) else None
    if not isinstance(attributes, dict):
        raise answers.invalid("spec.resourceAttributes: Invalid value: null: exactly one of ...")
    resource, sub = str(attributes.get("resource", "")), str(attributes.get("subresource") or "")
    asked = Asked(
        str(attributes.get("verb", "")),
        str(attributes.get("group") or ""),
        f"{resource}/{sub}" if sub else resource,
        str(attributes.get("namespace") or ""),
    )
    verdict: dict[str, JSONValue] = {"allowed": caller.may(asked)}
    return Reply(201, {**request.body, "status": verdict})


def create_token(site: Site, request: Request, namespace: str, name: str) -> Reply:
    """Issue a token of a service account, no shorter than ten minutes."""
    asked = Asked("create", "", "serviceaccounts/token", namespace)
    enforce(site, request, asked, name)
    account = site.identities.accounts.get((namespace, name))
    if account is None:
        raise answers.missing(Asked("create", "", "serviceaccounts", namespace), name)
    spec = request.body.get("spec")
    wanted = spec.get("expirationSeconds") if isinstance(spec, dict) else None
    seconds = wanted if isinstance(wanted, int) else DEFAULT_TOKEN_SECONDS
    if seconds < SHORTEST_TOKEN_SECONDS:
        text = (
            "spec.expirationSeconds: Invalid value: may not specify a duration less than 10 minutes"
        )
        raise answers.invalid(text)
    ends = written(site.clock.server_now() + dt.timedelta(seconds=seconds))
    token = site.identities.token(account, expires_in=seconds)
    return Reply(
        201,
        {
            "kind": "TokenRequest",
            "apiVersion": "authentication.k8s.io/v1",
            "spec": {"expirationSeconds": seconds},
            "status": {"token": token, "expirationTimestamp": ends},
        },
    )
