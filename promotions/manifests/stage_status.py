"""Writes the status of a Stage: what it holds, what runs, how it is."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Prefetch, QuerySet

from common.jsontypes import as_list, as_object, as_text
from promotions.engine.freight import FreightOrigin
from promotions.engine.stage_summary import freight_summary
from promotions.manifests.freight_contents import freight_reference
from promotions.manifests.metadata import present, timestamp
from promotions.manifests.promotion import collection_to, reference_to
from promotions.manifests.promotion_request import request_reference_to
from promotions.models import (
    AutoPromotionHold,
    FreightCollection,
    FreightCollectionItem,
    Promotion,
    PromotionRequest,
    Stage,
    Verification,
)

HISTORY_LIMIT = 10
_ARGOCD_NAMESPACE = "argocd"
"""Where Applications are that name no namespace."""
_WATCHED = ("promotion", "promotion__health_checks")
_PROMOTIONS = ("current_promotion", "last_promotion")
_REQUESTS = ("current_request", "last_request")
_UNREAD = (
    *("labels", "annotations", "metadata"),
    *(f"warehouse__{it}" for it in ("labels", "annotations", "spec", "conditions", "discovered")),
)
"""Columns of Freight that what a Stage shows of it does not need, and which take time to read."""
_UNREAD_IN_PLACE = ("labels", "annotations", "metadata")
_UNREAD_OF_REQUESTS = ("labels", "annotations", "policy", "message", "freight_collection")


def with_status(stages: QuerySet[Stage]) -> QuerySet[Stage]:
    """Return the query with everything fetched that writing the Stages' status reads."""
    newest = _collections().order_by("-pk")[:HISTORY_LIMIT]
    freight = [f"{name}__freight" for name in _PROMOTIONS]
    unread = [f"{name}__{column}" for name in freight for column in _UNREAD]
    requests = [f"{name}__freight" for name in _REQUESTS]
    joined = stages.select_related(
        "project", *(f"{name}__warehouse" for name in freight), *requests
    )
    unread += [f"{name}__{column}" for name in requests for column in _UNREAD_IN_PLACE]
    unread += [f"{name}__{column}" for name in _REQUESTS for column in _UNREAD_OF_REQUESTS]
    return joined.defer(*unread).prefetch_related(
        "auto_promotion_holds",
        Prefetch("freight_history", queryset=newest, to_attr="newest_history"),
        *(f"{name}__freight__artifacts" for name in _PROMOTIONS),
        *(f"{name}__step_executions" for name in _PROMOTIONS),
    )


def status_to(stage: Stage) -> dict[str, Any]:
    """Write a Stage's status; see :func:`with_status` for many.

    It says nothing of promotion windows: the command line of Kargo 1.11 refuses a whole list over
    ``promotionWindowStatus``. Eligibility tells it.
    """
    common = {
        "conditions": stage.conditions,
        "lastHandledRefresh": stage.handled_refresh,
        "observedGeneration": stage.observed_generation or None,
        "metadata": stage.metadata,
    }
    if stage.is_control_flow:
        return present({**common, "freightSummary": "N/A"})
    history = _history(stage)
    return present(
        {
            **common,
            "autoPromotionEnabled": stage.auto_promotion_enabled or None,
            "autoPromotionHolds": _holds(stage),
            "currentPromotion": _promotion(stage.current_promotion),
            "lastPromotion": _promotion(stage.last_promotion),
            "currentPromotionRequest": _request(stage.current_request),
            "lastPromotionRequest": _request(stage.last_request),
            "freightHistory": history,
            "freightSummary": _summary(stage, history),
            "health": stage.health,
        }
    )


def argocd_context(stage: Stage) -> str:
    """Write which Argo CD Applications the Stage's last success watches, for links to them.

    Returns:
        A JSON list of ``name`` and ``namespace``, each once; empty if there is none.

    Source: Kargo ``AnnotateStageWithArgoCDContext``.
    """
    if stage.is_control_flow:
        return ""
    rows = getattr(stage, "newest_history", None)
    if rows is None:
        rows = FreightCollection.objects.select_related("promotion").filter(stage=stage)
        rows = rows.only(*_WATCHED).order_by("-pk")
    watched = [app for row in rows[:1] if row.promotion for app in _applications(row.promotion)]
    apps = [dict(pairs) for pairs in dict.fromkeys(watched)]
    return json.dumps(apps, separators=(",", ":")) if apps else ""


def _applications(promotion: Promotion) -> Iterator[tuple[tuple[str, str], ...]]:
    for check in promotion.health_checks:
        for app in map(as_object, as_list(as_object(check.get("config")).get("apps"))):
            name, namespace = as_text(app.get("name")), as_text(app.get("namespace"))
            if name:
                yield ("name", name), ("namespace", namespace or _ARGOCD_NAMESPACE)


def _summary(stage: Stage, history: Sequence[dict[str, Any]]) -> str:
    origins = len(as_list(stage.spec.get("requestedFreight")))
    items = history[0]["items"] if history else {}
    return freight_summary(origins, [as_text(item["name"]) for item in items.values()])


def _promotion(promotion: Any) -> dict[str, Any] | None:
    return reference_to(promotion) if promotion is not None else None


def _request(request: PromotionRequest | None) -> dict[str, Any] | None:
    return request_reference_to(request) if request is not None else None


def _history(stage: Stage) -> list[dict[str, Any]]:
    rows = getattr(stage, "newest_history", None)
    if rows is None:
        rows = _collections().filter(stage=stage).order_by("-pk")[:HISTORY_LIMIT]
    return [_collection_to(row) for row in rows]


def _collections() -> QuerySet[FreightCollection]:
    # Joined: SQLite cannot take a prefetch of a thousand pieces of Freight by their keys.
    items = FreightCollectionItem.objects.select_related("freight__warehouse")
    items = items.defer(*(f"freight__{column}" for column in _UNREAD))
    rows = FreightCollection.objects.select_related("promotion")
    return rows.only("stage", "collection_id", *_WATCHED).prefetch_related(
        Prefetch("items", items), "items__freight__artifacts", "verifications"
    )


def _collection_to(row: FreightCollection) -> dict[str, Any]:
    references = {item.origin: freight_reference(item.freight) for item in row.items.all()}
    newest = sorted(row.verifications.all(), key=lambda it: -it.pk)[:HISTORY_LIMIT]
    written = {**collection_to(references), "id": row.collection_id}
    verifications = [_verification_to(it) for it in newest]
    return {**written, "verificationHistory": verifications} if verifications else written


def _verification_to(row: Verification) -> dict[str, Any]:
    return present(
        {
            "id": str(row.uid),
            "actor": row.actor,
            "startTime": timestamp(row.started_at),
            "finishTime": timestamp(row.finished_at) if row.finished_at else None,
            "phase": row.phase,
            "message": row.message,
            "analysisRun": row.analysis_run,
        }
    )


def _holds(stage: Stage) -> dict[str, Any]:
    rows = sorted(stage.auto_promotion_holds.all(), key=lambda it: it.origin)
    return {row.origin: _hold_to(row) for row in rows}


def _hold_to(row: AutoPromotionHold) -> dict[str, Any]:
    origin = FreightOrigin.parse(row.origin)
    return present(
        {
            "freightName": row.freight_name,
            "origin": {"kind": origin.kind, "name": origin.name},
            "promotionName": row.promotion_name,
            "actor": row.actor,
            "createdAt": timestamp(row.created_at),
        }
    )


def upstream_stages(spec: Any) -> list[str]:
    """Return the stages that a Stage's spec takes Freight from, each once, in order."""
    requests = map(as_object, as_list(as_object(spec).get("requestedFreight")))
    sources = (as_object(request.get("sources")) for request in requests)
    return list(
        dict.fromkeys(as_text(it) for source in sources for it in as_list(source.get("stages")))
    )
