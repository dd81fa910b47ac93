"""Stages that verify by a web metric, and looks at what came of it."""

from typing import Any

from common.jsontypes import JSONValue
from promotions.manifests import analysis_run as manifests
from promotions.models import AnalysisRun, Stage, Verification
from tests.functional.domain.world import World

ARGO = "argoproj.io/v1alpha1"


def template(world: World, *metrics: JSONValue, name: str = "smoke", **spec: JSONValue) -> None:
    """Apply an analysis template."""
    world.apply_content(
        {
            "apiVersion": ARGO,
            "kind": "AnalysisTemplate",
            "metadata": {"name": name, "namespace": world.project.name},
            "spec": {"metrics": list(metrics), **spec},
        }
    )


def web(url: str, *, name: str = "healthy", **fields: JSONValue) -> dict[str, JSONValue]:
    """Return a web metric that succeeds while the server says ``{"ok": true}``."""
    provider: dict[str, JSONValue] = {"url": url, "jsonPath": "{$.ok}"}
    return {
        "name": name,
        "successCondition": "result == true",
        "provider": {"web": provider},
        **fields,
    }


def verifying(**fields: JSONValue) -> dict[str, Any]:
    """Return the part of a Stage's spec that verifies by the template ``smoke``."""
    return {"verification": {"analysisTemplates": [{"name": "smoke"}], **fields}}


def runs(world: World) -> list[AnalysisRun]:
    """Return the project's runs, oldest first."""
    rows = AnalysisRun.objects.filter(project=world.project).select_related("project")
    return list(rows.order_by("pk"))


def only_run(world: World) -> AnalysisRun:
    (run,) = runs(world)
    return run


def document(run: AnalysisRun) -> dict[str, Any]:
    """Return a run's manifest."""
    run.refresh_from_db()
    return manifests.to_manifest(run)


def verifications(stage: Stage) -> list[Verification]:
    """Return a Stage's verifications, oldest first."""
    return list(Verification.objects.filter(collection__stage=stage).order_by("pk"))
