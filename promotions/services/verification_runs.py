"""Verifies what a Stage holds by an analysis run: begins one, mirrors it, stops it.

Source: Kargo Stage controller, startVerification, getVerificationResult, abortVerification.
"""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from django.conf import settings
from django.db import transaction

from common.clock import now as read_clock
from common.errors import InvalidError, NotFoundError, PlatformError
from common.jsontypes import JSONObject, as_list, as_object, as_text
from common.redaction import redact
from promotions.engine.analysis.field_paths import field_at
from promotions.engine.analysis.kargo_runs import Metadata, build_spec, run_metadata, run_name
from promotions.engine.analysis.nesting import with_nested
from promotions.engine.analysis.runs import RunSpec, write_run_spec
from promotions.engine.analysis.templates import TemplateReference, TemplateSpec, read_template
from promotions.engine.expressions.functions import FunctionScope, kargo_functions
from promotions.engine.expressions.verification_arguments import (
    VerificationScope,
    verification_arguments,
)
from promotions.engine.names import format_ulid
from promotions.engine.verification import VerificationPhase
from promotions.manifests.metadata import KARGO_API, STAGE_KEY
from promotions.manifests.promotion_steps import variables_from
from promotions.manifests.stage import to_manifest as stage_manifest
from promotions.models import (
    AnalysisRun,
    AnalysisTemplate,
    ClusterAnalysisTemplate,
    FreightCollection,
    Stage,
    Verification,
)
from promotions.selectors.analysis_runs import newest_run, run_of
from promotions.selectors.control_plane import DatabaseControlPlane
from promotions.selectors.freight import references
from promotions.selectors.plans import freight_requests
from promotions.services.analysis_runs import create_analysis_run, terminate_analysis_run
from rbac.actors import controller

_CLUSTER_KIND = "ClusterAnalysisTemplate"


def begin(
    collection: FreightCollection,
    stage: Stage,
    *,
    is_again: bool,
    actor: str,
    promotion: str,
    now: datetime,
) -> Verification:
    """Begin to verify what a Stage holds; what keeps a run from being made is the result.

    Args:
        collection: What it holds.
        stage: Where.
        is_again: Somebody asked for another verification, so no run that is there is taken.
        actor: Who asked.
        promotion: Name of the promotion that brought it about, if it was one.
        now: When.
    """
    verification = Verification(collection=collection, actor=actor, started_at=now)
    run = None if is_again else newest_run(stage, collection.collection_id)
    if run is None:
        try:
            with transaction.atomic():
                run = _made(collection, stage, promotion=promotion, now=now)
        except PlatformError as error:
            verification.phase = VerificationPhase.ERROR.value
            verification.message = redact(
                f'error building AnalysisRun for Stage "{stage.name}" and Freight collection '
                f'"{collection.collection_id}" in namespace "{stage.project.name}": {error}'
            )
            verification.finished_at = now
            verification.save(force_insert=True)
            return verification
    _mirror(verification, run)
    verification.save(force_insert=True)
    return verification


def refresh(verification: Verification, stage: Stage, *, now: datetime) -> bool:
    """Have a verification say what its run says; return whether it says something else now."""
    reference = as_object(verification.analysis_run)
    if not reference:
        return False
    run = run_of(verification, stage.project)
    if run is None:
        verification.phase = VerificationPhase.ERROR.value
        verification.message = f"error getting {_missing(reference)}"
        verification.finished_at = now
    else:
        before = (verification.phase, verification.message, verification.finished_at)
        _mirror(verification, run)
        if before == (verification.phase, verification.message, verification.finished_at):
            return False
    verification.save(update_fields=["phase", "message", "finished_at", "analysis_run"])
    return True


def stop(verification: Verification, stage: Stage, *, now: datetime) -> str:
    """Have the run of a verification that somebody aborted stop measuring.

    Returns:
        Nothing, or why it cannot be stopped: it is gone.
    """
    run = run_of(verification, stage.project)
    if run is not None:
        actor = controller("stage-controller", shard=stage.shard)
        terminate_analysis_run(run, actor=actor, now=now)
        return ""
    reference = as_object(verification.analysis_run)
    return f"error terminating {_missing(reference)}" if reference else ""


def promotion_of(verification: Verification, stage: Stage) -> str:
    """Return the name of the promotion that brought a verification about; empty if none did."""
    run = run_of(verification, stage.project)
    return run.promotion.name if run is not None and run.promotion is not None else ""


def _missing(reference: JSONObject) -> str:
    name, namespace = as_text(reference.get("name")), as_text(reference.get("namespace"))
    return (
        f'AnalysisRun "{name}" in namespace "{namespace}": '
        f'analysisruns.argoproj.io "{name}" not found'
    )


def _mirror(verification: Verification, run: AnalysisRun) -> None:
    phase = VerificationPhase(run.phase or VerificationPhase.PENDING)
    verification.phase = phase.value
    verification.message = as_text(run.status.get("message"))
    verification.finished_at = run.ended_at
    verification.analysis_run = {
        "name": run.name,
        "namespace": run.project.name,
        "phase": run.phase,
    }


def _made(
    collection: FreightCollection, stage: Stage, *, promotion: str, now: datetime
) -> AnalysisRun:
    configured = as_object(stage.spec.get("verification"))
    references = [
        TemplateReference(as_text(it.get("name")), it.get("kind") == _CLUSTER_KIND)
        for it in map(as_object, as_list(configured.get("analysisTemplates")))
    ]
    values = verification_arguments(
        _scope(collection, stage), variables_from(configured.get("args"))
    )
    spec = write_run_spec(_with_fields(build_spec(_templates(stage, references), values), stage))
    metadata = _metadata(collection, stage, promotion=promotion)
    ulid = format_ulid(milliseconds=int(now.timestamp() * 1000), entropy=secrets.randbits(80))
    run = AnalysisRun(
        project=stage.project,
        stage=stage,
        collection=collection,
        promotion=stage.last_promotion if promotion else None,
        name=run_name(stage.name, ulid, collection.collection_id),
        labels=dict(metadata.labels),
        annotations=dict(metadata.annotations),
        owners=_owners(collection),
        shard=stage.shard,
    )
    return create_analysis_run(
        run, spec, actor=controller("stage-controller", shard=stage.shard), now=now
    )


def _templates(stage: Stage, references: Sequence[TemplateReference]) -> list[TemplateSpec]:
    """Return the templates, with those that they include if the operator wants that."""
    find = partial(_template, stage)
    if settings.NESTED_ANALYSIS_TEMPLATES:
        return with_nested(references, find=find)
    return [find(reference) for reference in references]


def _with_fields(spec: RunSpec, stage: Stage) -> RunSpec:
    """Return the specification with fields of the Stage in arguments, if the operator allows it."""
    if not settings.ANALYSIS_FIELD_REFS:
        return spec
    document: JSONObject = stage_manifest(stage)
    return replace(
        spec,
        arguments=tuple(
            replace(it, value=field_at(document, it.value_from.field_path))
            if it.value is None and it.value_from and it.value_from.field_path
            else it
            for it in spec.arguments
        ),
    )


def _template(stage: Stage, reference: TemplateReference) -> TemplateSpec:
    name, project = reference.name, stage.project
    row: AnalysisTemplate | ClusterAnalysisTemplate | None
    if reference.cluster_scope:
        row = ClusterAnalysisTemplate.objects.filter(tenant=project.tenant, name=name).first()
        where = f'ClusterAnalysisTemplate "{name}"'
    else:
        row = AnalysisTemplate.objects.filter(project=project, name=name).first()
        where = f'AnalysisTemplate "{name}" in namespace "{project.name}"'
    if row is None:
        raise NotFoundError(f"{where} not found")
    try:
        return read_template(row.spec)
    except InvalidError as error:
        raise InvalidError(f"{where}: {error}") from error


def _scope(collection: FreightCollection, stage: Stage) -> VerificationScope:
    project, lookup = stage.project, DatabaseControlPlane()
    tenant_uid = str(project.tenant.uid)
    functions = FunctionScope(
        tenant_uid=tenant_uid,
        project=project.name,
        lookup=lookup,
        requested=tuple(request.origin for request in freight_requests(stage)),
        freight=references(item.freight for item in collection.items.all()),
        freight_status=lambda name: lookup.freight_status(
            tenant_uid=tenant_uid, project=project.name, name=name
        ),
        clock=read_clock,
    )
    return VerificationScope(
        project=project.name,
        stage=stage.name,
        functions=kargo_functions(functions),
        variables=variables_from(stage.spec.get("vars")),
    )


def _metadata(collection: FreightCollection, stage: Stage, *, promotion: str) -> Metadata:
    verification = as_object(stage.spec.get("verification"))
    given = as_object(verification.get("analysisRunMetadata"))
    texts = partial(_texts, given)
    made = run_metadata(
        Metadata(texts("labels"), texts("annotations")),
        stage=stage.name,
        freight_collection=collection.collection_id,
        promotion=promotion,
    )
    is_short = made.labels[STAGE_KEY] != stage.name
    return Metadata(
        made.labels, {**made.annotations, **({STAGE_KEY: stage.name} if is_short else {})}
    )


def _texts(document: JSONObject, name: str) -> dict[str, str]:
    return {key: as_text(value) for key, value in as_object(document.get(name)).items()}


def _owners(collection: FreightCollection) -> list[dict[str, str]]:
    return [
        {
            "apiVersion": KARGO_API,
            "kind": "Freight",
            "name": item.freight.name,
            "uid": str(item.freight.uid),
        }
        for item in collection.items.all()
    ]
