"""Runs the table cases of Freight, Stages and promotions."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import reduce

from promotions.engine.authorized_stages import parse_authorized_stages
from promotions.engine.autopromotion import candidates, matching_policy, parse_policy
from promotions.engine.availability import (
    FreightStanding,
    RequestedFreight,
    SelectionPolicy,
    availability,
    parse_strategy,
)
from promotions.engine.freight import (
    Artifact,
    Chart,
    Commit,
    FreightOrigin,
    Image,
    canonical_freight,
    freight_name,
)
from promotions.engine.health import HealthState, merge
from promotions.engine.inflation import (
    Step,
    Task,
    TaskReference,
    Variable,
    inflate,
    task_variables,
)
from promotions.engine.names import promotion_name, shorten_with_hash
from promotions.engine.phases import PromotionPhase, StepRecord, has_failures, in_queue_order
from promotions.engine.runner import StepStatus
from tests.conformance.vectors import Case

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _freight_id(case: Case) -> object:
    freight = case["freight"]
    origin = FreightOrigin(freight["origin"]["name"], freight["origin"]["kind"])
    commits = [
        Commit(
            it["repoURL"],
            it["id"],
            tag=it.get("tag", ""),
            subscription_name=it.get("subscriptionName", ""),
        )
        for it in freight.get("commits") or ()
    ]
    images = [
        Image(
            it["repoURL"],
            it.get("tag", ""),
            it.get("digest", ""),
            subscription_name=it.get("subscriptionName", ""),
        )
        for it in freight.get("images") or ()
    ]
    charts = [
        Chart(it["repoURL"], it["version"], it.get("name", ""), it.get("subscriptionName", ""))
        for it in freight.get("charts") or ()
    ]
    artifacts = [
        Artifact(it["artifactType"], it["subscriptionName"], it["version"])
        for it in freight.get("artifacts") or ()
    ]
    return {
        "canonical": canonical_freight(
            origin, commits=commits, images=images, charts=charts, artifacts=artifacts
        ),
        "value": freight_name(
            origin, commits=commits, images=images, charts=charts, artifacts=artifacts
        ),
    }


def _origin(case: Case) -> object:
    origin = FreightOrigin.parse(case["input"])
    return {"kind": origin.kind, "name": origin.name}


def _shortened(case: Case) -> object:
    try:
        shortened = shorten_with_hash(
            case["input"],
            limit=case["max_len"],
            separator=case["sep"],
            hash_length=case["hash_len"],
        )
    except ValueError:
        return {"ok": False, "value": case["input"]}
    return {"ok": True, "value": shortened}


def _policy(case: Case) -> object:
    policies = [parse_policy(it) for it in case["policies"]]
    index = matching_policy(policies, stage=case["stage"], labels=case["labels"])
    return {
        "matched_index": index,
        "enabled": index is not None and policies[index].is_enabled,
    }


def _candidates(case: Case) -> object:
    available = [
        FreightStanding(
            it["name"],
            FreightOrigin.parse(it["origin"]),
            datetime.fromisoformat(it["discovered_at"]),
        )
        for it in case["available"]
    ]
    return candidates([_request(it) for it in case["requests"]], available)


def _is_available(case: Case) -> object:
    item = case["freight_item"]
    standing = FreightStanding(
        "f",
        FreightOrigin.parse(item["origin"]),
        NOW,
        frozenset(item["approved_for"]),
        {
            stage: timedelta(seconds=soak) if soak >= 0 else None
            for stage, soak in item["verified_in"].items()
        },
        {stage: NOW - timedelta(seconds=ago) for stage, ago in item["currently_in"].items()},
    )
    requests = [_request(it) for it in case["requests"]]
    return availability(standing, stage=case["stage"], requests=requests, now=NOW).is_available


def _request(item: Case) -> RequestedFreight:
    soak = item.get("required_soak_seconds")
    return RequestedFreight(
        FreightOrigin.parse(item["origin"]),
        direct=bool(item.get("direct")),
        stages=tuple(item.get("stages") or ()),
        required_soak=None if soak is None else timedelta(seconds=soak),
        strategy=parse_strategy(item.get("availability_strategy") or ""),
        selection_policy=SelectionPolicy(
            item.get("selection_policy") or SelectionPolicy.NEWEST_FREIGHT
        ),
    )


def _task_variables(case: Case) -> object:
    found = task_variables(
        Task(variables=_variables(case["task_vars"])),
        step_variables=_variables(case["step_vars"]),
        given={it["name"]: it["value"] for it in case["promotion_vars"]},
    )
    return [{"name": it.name, "value": it.value} for it in found]


def _variables(items: list[Case]) -> tuple[Variable, ...]:
    return tuple(Variable(it["name"], it["value"]) for it in items)


def _step_aliases(case: Case) -> object:
    tasks = {
        str(index): Task(steps=tuple(_step(it) for it in step.get("task_steps") or ()))
        for index, step in enumerate(case["steps"])
    }
    steps = [_step(it, index) for index, it in enumerate(case["steps"])]
    inflated = inflate(
        steps, promotion_variables=(), find_task=lambda reference: tasks[reference.name]
    )
    return [step.alias for step in inflated]


def _step(item: Case, index: int = 0) -> Step:
    reference = TaskReference(str(index)) if item.get("task") else None
    return Step("" if reference else "copy", alias=item.get("as") or "", task=reference)


def _has_failures(case: Case) -> object:
    return has_failures(
        StepRecord(
            "a",
            "copy",
            StepStatus(it["status"]) if it.get("status") else None,
            continue_on_error=bool(it.get("continueOnError")),
        )
        for it in case["metas"]
    )


VALUES: dict[str, Callable[[Case], object]] = {
    "promotion_name": lambda case: promotion_name(
        case["stage"], case["ulid"], case["freight_name"], case.get("target") or ""
    ),
    "sort_promotions": lambda case: in_queue_order(
        {it["name"]: PromotionPhase(it["phase"]) for it in case["promotions"]}
    ),
    "task_vars": _task_variables,
    "step_aliases": _step_aliases,
    "has_failures": _has_failures,
    "auto_promotion_candidates": _candidates,
    "freight_available": _is_available,
    "authorized_stages": lambda case: [
        stage._asdict() for stage in parse_authorized_stages(case["input"])
    ],
    "health_merge": lambda case: reduce(merge, map(HealthState, case["states"])),
}
WHOLES: dict[str, Callable[[Case], object]] = {
    "freight_id": _freight_id,
    "parse_origin": _origin,
    "hash_shorten": _shortened,
    "auto_promotion_policy": _policy,
}
