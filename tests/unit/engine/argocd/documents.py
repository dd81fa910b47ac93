"""Applications as Argo CD writes them, in the few parts that a rule looks at."""

from typing import Any

from promotions.engine.argocd.application import Application, application_of

OURS = "prod.01k2abc.9f1d2c3"
OTHER = "prod.01k2abb.1111111"
GIT = "https://git.example/cfg.git"
HELM = "https://charts.example"


def marked(promotion: str = OURS, attempt: int | None = None, **more: Any) -> dict[str, Any]:
    """Return an operation with a promotion's mark."""
    info = [{"name": "kargo.akuity.io/promotion", "value": promotion}] if promotion else []
    if attempt is not None:
        info.append({"name": "promoter/attempt", "value": str(attempt)})
    return {"info": info, "sync": {"revisions": []}, **more}


def state(phase: str, promotion: str = OURS, **more: Any) -> dict[str, Any]:
    """Return the state of an operation."""
    return {"phase": phase, "operation": marked(promotion), **more}


def app(
    *,
    annotations: dict[str, str] | None = None,
    labels: dict[str, str] | None = None,
    sources: list[dict[str, Any]] | None = None,
    operation: dict[str, Any] | None = None,
    status: dict[str, Any] | None = None,
    name: str = "web",
) -> Application:
    """Return an Application of one Git source, unless told otherwise."""
    spec: dict[str, Any] = {"project": "default"}
    if sources is None:
        spec["source"] = {"repoURL": GIT, "path": "prod", "targetRevision": "main"}
    elif sources:
        spec["sources"] = sources
    document: dict[str, Any] = {
        "metadata": {
            "name": name,
            "namespace": "argocd",
            "uid": "u1",
            "resourceVersion": "7",
            "annotations": annotations or {},
            "labels": labels or {},
        },
        "spec": spec,
        "status": status or {},
    }
    if operation is not None:
        document["operation"] = operation
    return application_of(document)
