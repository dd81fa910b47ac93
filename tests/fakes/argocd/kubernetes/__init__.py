"""The Kubernetes API: which path is answered by what."""

import functools
from collections.abc import Callable, Iterator

from tests.fakes.argocd.kubernetes import objects, pods, reviews
from tests.fakes.argocd.kubernetes.answers import NO_PAGE
from tests.fakes.argocd.site import Site
from tests.fakes.argocd.store import (
    APPLICATIONS,
    APPSETS,
    DEPLOYMENTS,
    EVENTS,
    JOBS,
    PODS,
    PROJECTS,
)
from tests.fakes.scm_server import Reply, Request, Routes

Row = tuple[str, str, Callable[..., Reply]]
ARGO = "/apis/argoproj.io/v1alpha1"
BATCH = "/apis/batch/v1"
CORE = "/api/v1"
GROUPS = {
    APPLICATIONS: ARGO,
    PROJECTS: ARGO,
    APPSETS: ARGO,
    JOBS: BATCH,
    PODS: CORE,
    EVENTS: CORE,
    DEPLOYMENTS: "/apis/apps/v1",
}
REVIEWS: tuple[Row, ...] = (
    ("GET", "/version", reviews.version),
    ("GET", ARGO, reviews.resources),
    ("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", reviews.self_review),
    (
        "POST",
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        reviews.access_review,
    ),
    (
        "POST",
        f"{CORE}/namespaces/{{namespace}}/serviceaccounts/{{name}}/token",
        reviews.create_token,
    ),
    ("GET", f"{CORE}/namespaces/{{namespace}}/pods/{{name}}/log", pods.pod_log),
)


def kubernetes_api(site: Site) -> Callable[[Request], Reply]:
    """Return the API."""
    rows = [*REVIEWS, *_object_rows()]
    table = [(method, path, functools.partial(work, site)) for method, path, work in rows]
    routes = Routes(table, missing=NO_PAGE)

    def answer(request: Request) -> Reply:
        if request.path.startswith(ARGO) and not site.settings.has_crds:
            return NO_PAGE
        return routes(request)

    return answer


def _object_rows() -> Iterator[Row]:
    for kind, base in GROUPS.items():
        every, here = f"{base}/{kind}", f"{base}/namespaces/{{namespace}}/{kind}"
        one = f"{here}/{{name}}"
        yield "GET", every, functools.partial(_bound, objects.list_or_watch, kind)
        yield "GET", here, functools.partial(_bound, objects.list_or_watch, kind)
        yield "POST", here, functools.partial(_bound, objects.create_object, kind)
        yield "GET", one, functools.partial(_bound, objects.get_object, kind)
        yield "PATCH", one, functools.partial(_bound, objects.patch_object, kind)
        yield "DELETE", one, functools.partial(_bound, objects.delete_object, kind)


def _bound(
    work: Callable[..., Reply], kind: str, site: Site, request: Request, **parts: str
) -> Reply:
    return work(site, request, kind, **parts)
