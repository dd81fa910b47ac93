"""Makes targets, Stages that promote to them, and requests."""

from common.clock import now as read_clock
from common.jsontypes import JSONObject, JSONValue
from promotions.models import Freight, PromotionRequest, Stage, Target
from promotions.reconcilers.loop import run_one
from promotions.selectors.promotion_requests import request_named, rows_of
from promotions.services.promote import promote
from tests.functional.domain.world import SHARD, World

ROLLOUT = "kargo.akuity.io/rollout"
WAVE = "kargo.akuity.io/wave"
SHOUT: JSONObject = {
    "uses": "compose-output",
    "as": "out",
    "config": {"text": "${{ target.labels.region }} ${{ target.params.cluster.name }}"},
}
FAIL: JSONObject = {
    "uses": "fail",
    "if": "${{ target.params.broken }}",
    "config": {"message": "the cluster is on fire"},
}
EVERY: JSONObject = {"selectors": [{}]}


def add_target(
    world: World, name: str, *, wave: str = "", is_broken: bool = False, region: str = "eu"
) -> Target:
    labels: dict[str, JSONValue] = {"region": region, **({WAVE: wave} if wave else {})}
    params: JSONObject = {"broken": is_broken, "cluster": {"name": name}}
    row = world.apply("Target", name, labels=labels, spec={"params": params})
    assert isinstance(row, Target)
    return row


def fleet(world: World, count: int, *, broken: tuple[int, ...] = (), waves: int = 1) -> list[str]:
    """Make targets ``t00`` and so on, in waves of equal size."""
    names = [f"t{index:02}" for index in range(count)]
    for index, name in enumerate(names):
        wave = str(1 + index * waves // count) if waves > 1 else ""
        add_target(world, name, wave=wave, is_broken=index in broken)
    return names


def fleet_stage(
    world: World,
    *,
    rollout: str = "",
    selectors: JSONObject = EVERY,
    sources: JSONObject | None = None,
    name: str = "prod",
) -> Stage:
    content: JSONObject = {
        "apiVersion": "kargo.akuity.io/v1alpha1",
        "kind": "Stage",
        "metadata": {
            "name": name,
            "namespace": "demo",
            "annotations": {ROLLOUT: rollout} if rollout else {},
        },
        "spec": {
            "requestedFreight": [
                {
                    "origin": {"kind": "Warehouse", "name": "main"},
                    "sources": sources or {"direct": True},
                }
            ],
            "promotionTemplate": {"spec": {"steps": [FAIL, SHOUT]}},
            "targets": selectors,
        },
    }
    row = world.apply_content(content)
    assert isinstance(row, Stage)
    return row


def request_for(world: World, stage: Stage, freight: Freight | None = None) -> PromotionRequest:
    """Promote new Freight to a target-aware Stage, as alice."""
    stage = Stage.objects.select_related("project__tenant").get(pk=stage.pk)
    made = promote(stage, freight or world.freight(), actor=world.alice, now=read_clock())
    assert isinstance(made, PromotionRequest)
    return made


def again(request: PromotionRequest) -> PromotionRequest:
    return request_named(request.project, request.name)


def begin(world: World) -> None:
    """Make two passes: the Stage lets the request in, and the request makes its first wave."""
    for _ in range(2):
        assert run_one(SHARD, world.reconcilers, owner="test")


def outcomes(request: PromotionRequest) -> dict[str, str]:
    return {row.name: row.phase.value if row.phase else "" for row in rows_of(request)}
