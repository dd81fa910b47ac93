"""Reads analysis runs, and what their jobs printed."""

from collections.abc import Sequence
from uuid import UUID

import orjson
from django.db.models import QuerySet

from common.errors import NotFoundError
from common.jsontypes import JSONObject, as_object, as_text
from common.redaction import note_secrets
from projects.encryption import decrypt
from projects.models import Project
from promotions.models import AnalysisJob, AnalysisRun, Stage, Verification

SPEC = "spec"
SECRETS = "secrets"


def analysis_runs_in(project: Project) -> QuerySet[AnalysisRun]:
    """Return a project's runs, newest first."""
    rows = AnalysisRun.objects.filter(project=project)
    return rows.select_related("project__tenant", "stage").order_by("-pk")


def analysis_run_named(project: Project, name: str) -> AnalysisRun:
    """Return a run of a project.

    Raises:
        NotFoundError: The project has none of that name.
    """
    run = analysis_runs_in(project).filter(name=name).first()
    if run is None:
        raise NotFoundError(f'analysisruns.argoproj.io "{name}" not found')
    return run


def analysis_run_by_uid(uid: UUID) -> AnalysisRun | None:
    """Return a run with what a pass needs, a deleted one too; ``None`` if there is no row."""
    rows = AnalysisRun.everything.select_related("project__tenant", "stage")
    return rows.filter(uid=uid).first()


def run_of(verification: Verification, project: Project) -> AnalysisRun | None:
    """Return the run that a verification mirrors, ``None`` if it is gone."""
    name = as_text(as_object(verification.analysis_run).get("name"))
    return analysis_runs_in(project).filter(name=name).first() if name else None


def newest_run(stage: Stage, collection_id: str) -> AnalysisRun | None:
    """Return the newest run that verifies this collection of Freight in a Stage, if any.

    One that somebody stopped says nothing of the Freight, though its phase be ``Successful``.
    """
    rows = analysis_runs_in(stage.project)
    run = rows.filter(stage=stage, collection__collection_id=collection_id).first()
    return None if run is None or run.spec.get("terminate") else run


def runs_of_stage(stage: Stage, *, most: int) -> Sequence[AnalysisRun]:
    """Return a Stage's newest runs."""
    return list(analysis_runs_in(stage.project).filter(stage=stage)[:most])


def actual_spec(run: AnalysisRun) -> JSONObject:
    """Return what a run is to measure with the secrets in it, which are noted as such."""
    if not run.encrypted:
        shown: JSONObject = run.spec
        return shown
    kept = decrypt(run.encrypted, tenant_uid=run.project.tenant.uid, bound_to=str(run.uid))
    note_secrets(orjson.loads(kept[SECRETS]))
    spec: JSONObject = orjson.loads(kept[SPEC])
    # Whether it is to stop is only ever written to the row.
    return {**spec, "terminate": bool(run.spec.get("terminate"))}


def jobs_of(run: AnalysisRun) -> list[AnalysisJob]:
    """Return a run's jobs, oldest first."""
    return list(AnalysisJob.objects.filter(run=run).order_by("pk"))
