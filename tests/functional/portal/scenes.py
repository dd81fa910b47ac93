"""Pipelines that the portal's tests look at: empty, ordinary, large, and failing."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from projects.models import Project
from promotions.engine.phases import PromotionPhase
from promotions.models import Freight, Promotion, Stage, StepExecution, Warehouse
from tests.factories.domain import (
    NOON,
    hold_freight,
    make_freight,
    make_project,
    make_promotion,
    make_stage,
    make_standing,
    make_warehouse,
)

HEALTHY = [
    {
        "type": kind,
        "status": "True",
        "reason": kind,
        "message": "",
        "lastTransitionTime": "2026-06-01T12:00:00Z",
    }
    for kind in ("Ready", "Healthy", "Verified")
]


@dataclass(frozen=True, slots=True)
class Scene:
    """What a test needs to name."""

    project: Project
    warehouse: Warehouse
    stages: dict[str, Stage]
    freight: list[Freight]
    promotions: list[Promotion]


def unhealthy(reason: str, message: str) -> list[dict[str, str]]:
    """Return the conditions of an object that fails."""
    return [
        {
            "type": kind,
            "status": "False",
            "reason": reason,
            "message": message,
            "lastTransitionTime": "2026-06-01T12:00:00Z",
        }
        for kind in ("Ready", "Healthy")
    ]


def ordinary(name: str = "shop") -> Scene:
    """Return test -> uat -> prod with some history and one promotion under way."""
    project = make_project(name)
    warehouse = make_warehouse(project, conditions=HEALTHY, discovered_at=NOON)
    stages = {
        "test": make_stage(project, "test", conditions=HEALTHY, auto_promotion_enabled=True),
        "uat": make_stage(project, "uat", upstream=("test",), conditions=HEALTHY),
        "prod": make_stage(project, "prod", upstream=("uat",), conditions=HEALTHY),
    }
    old, middle, new = (make_freight(warehouse, tag=f"1.{minor}.0") for minor in (1, 2, 3))
    promotions = []
    for stage, freight in (("test", new), ("uat", middle), ("prod", old)):
        promotion = make_promotion(stages[stage], freight, phase=PromotionPhase.SUCCEEDED)
        _run_steps(promotion, ["Succeeded", "Succeeded", "Succeeded"])
        hold_freight(stages[stage], freight, promotion=promotion)
        Stage.objects.filter(pk=stages[stage].pk).update(last_promotion=promotion)
        promotions.append(promotion)
    for freight, where in ((old, ("test", "uat")), (middle, ("test",)), (new, ())):
        for stage in where:
            _verify(stages[stage], freight)
    running = make_promotion(stages["uat"], new, phase=PromotionPhase.RUNNING)
    _run_steps(running, ["Succeeded", "Running", ""])
    Stage.objects.filter(pk=stages["uat"].pk).update(current_promotion=running)
    make_promotion(stages["prod"], middle)
    return Scene(project, warehouse, stages, [old, middle, new], [*promotions, running])


def failing(name: str = "broken") -> Scene:
    """Return a project in which nothing works."""
    project = make_project(name)
    gone = 'Git repository "https://git.example.com/team/app.git" was not found; check its address.'
    warehouse = make_warehouse(project, conditions=unhealthy("DiscoveryFailed", gone))
    stage = make_stage(
        project, "test", conditions=unhealthy("Unhealthy", "web: 0 of 3 replicas are ready")
    )
    freight = make_freight(warehouse, tag="2.0.0")
    promotion = make_promotion(
        stage,
        freight,
        phase=PromotionPhase.FAILED,
        message='step "push" failed: the branch env/test is protected; let the bot push to it.',
    )
    _run_steps(promotion, ["Succeeded", "Failed", ""])
    Stage.objects.filter(pk=stage.pk).update(last_promotion=promotion)
    return Scene(project, warehouse, {"test": stage}, [freight], [promotion])


def many_stages(count: int, name: str = "large") -> Scene:
    """Return a pipeline of ``count`` stages in chains of five, each holding freight."""
    project = make_project(name)
    warehouse = make_warehouse(project, conditions=HEALTHY)
    freight = [make_freight(warehouse, tag=f"3.{minor}.0") for minor in range(12)]
    stages = {}
    for index in range(count):
        upstream = (f"stage-{index - 1:03}",) if index % 5 else ()
        stage = make_stage(project, f"stage-{index:03}", upstream=upstream, conditions=HEALTHY)
        promotion = make_promotion(stage, freight[index % 12], phase=PromotionPhase.SUCCEEDED)
        hold_freight(stage, freight[index % 12], promotion=promotion)
        Stage.objects.filter(pk=stage.pk).update(last_promotion=promotion)
        stages[stage.name] = stage
    return Scene(project, warehouse, stages, freight, [])


def _verify(stage: Stage, freight: Freight) -> None:
    row = freight.standings.filter(stage=stage).first() or make_standing(stage, freight)
    row.verified_at = NOON
    row.save(update_fields=["verified_at"])


def _run_steps(promotion: Promotion, statuses: list[str]) -> None:
    steps: list[dict[str, Any]] = [
        {
            "uses": "git-clone",
            "as": "clone",
            "config": {"repoURL": "https://git.example.com/team/app.git"},
        },
        {"uses": "git-push", "as": "push", "config": {"path": "./out", "targetBranch": "env/test"}},
        {"uses": "compose-output", "as": "out", "config": {"commit": "${{ outputs.push.commit }}"}},
    ]
    promotion.spec = {"steps": steps}
    promotion.state = {"clone": {"commit": "0" * 40}}
    promotion.save(update_fields=["spec", "state"])
    for index, (step, status) in enumerate(zip(steps, statuses, strict=True)):
        if status:
            StepExecution.objects.create(
                promotion=promotion,
                index=index,
                alias=step["as"],
                kind=step["uses"],
                status=status,
                message=promotion.message if status == "Failed" else "",
                error_count=1 if status == "Failed" else 0,
                started_at=promotion.created_at,
                finished_at=None
                if status == "Running"
                else promotion.created_at + timedelta(milliseconds=840 * (index + 1)),
            )
