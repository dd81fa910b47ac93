"""What pods wrote, over the Kubernetes API."""

from tests.fakes.argocd.identities import Asked
from tests.fakes.argocd.kubernetes import answers
from tests.fakes.argocd.kubernetes.access import enforce
from tests.fakes.argocd.site import Site
from tests.fakes.argocd.store import PODS
from tests.fakes.scm_server import Reply, Request


def pod_log(site: Site, request: Request, namespace: str, name: str) -> Reply:
    """Show what a pod wrote."""
    enforce(site, request, Asked("get", "", "pods/log", namespace), name)
    if site.store.find(PODS, namespace, name) is None:
        raise answers.missing(Asked("get", "", "pods", namespace), name)
    text = site.jobs.logs.get(name, "").encode()
    limit = request.param("limitBytes")
    shown = text[: int(limit)] if limit else text
    return Reply(200, headers=(("Content-Type", "text/plain"),), raw=shown)
