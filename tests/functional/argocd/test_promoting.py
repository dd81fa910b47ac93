"""Promotions that end in Argo CD, in the whole platform: database, reconcilers, steps, gateways."""

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from promotions import wiring
from promotions.engine.registry import Registry
from promotions.manifests import stage as stage_manifest
from promotions.manifests.metadata import ARGOCD_CONTEXT
from promotions.models import AddressedApplication, Stage, StepIntent, WorkKind
from promotions.ports import argocd as port
from promotions.reconcilers.promotions import PromotionReconciler
from promotions.selectors.applications import LinkedApplication, applications_of
from promotions.services.control_planes import delete_control_plane
from promotions.services.step_intents import DatabaseIntents
from promotions.steps.argocd_update import ArgoCDUpdate
from tests.factories.domain import NOON
from tests.fakes.argocd import Outcome
from tests.functional.argocd.conftest import GIT, Ground
from tests.functional.control_planes.scenes import ROOT
from tests.functional.domain.world import condition, steps_of

pytestmark = pytest.mark.django_db


def health_of(stage: Stage) -> str:
    stage.refresh_from_db()
    return str((stage.health or {}).get("status"))


def test_a_promotion_syncs_and_its_stage_shows_the_applications_health(ground: Ground) -> None:
    stage = ground.stage("argocd-update", "argocd-wait")

    promotion = ground.promoted(stage)
    assert promotion.phase == "Running"
    assert [row.name for row in AddressedApplication.objects.filter(stage=stage)] == ["web"]
    for _ in range(4):
        ground.look_again(promotion, seconds=10)
    ground.world.settle()

    assert promotion.phase == "Succeeded", promotion.message
    assert steps_of(promotion) == [("argocd-update", "Succeeded"), ("argocd-wait", "Succeeded")]
    assert promotion.state["argocd-update"] == {"apps": [{"name": "web", "namespace": "argocd"}]}
    assert promotion.health_checks == [
        {
            "uses": "argocd-update",
            "config": {
                "apps": [{"name": "web", "namespace": "argocd", "desiredRevisions": ["bbb"]}]
            },
        }
    ]
    assert [it.attempt for it in ground.site.record.operations] == ["1"]
    assert condition(stage, "Healthy") == ("True", "Healthy")
    shown = stage_manifest.to_manifest(stage)["metadata"]["annotations"]
    assert json.loads(shown[ARGOCD_CONTEXT]) == [{"name": "web", "namespace": "argocd"}]
    assert ARGOCD_CONTEXT not in stage.annotations, "applying it again must change nothing"


def test_the_stages_page_leads_to_its_applications(ground: Ground) -> None:
    stage = ground.stage()
    promotion = ground.promoted(stage)
    for _ in range(3):
        ground.look_again(promotion, seconds=10)
    ground.world.settle()

    stage.refresh_from_db()
    (found,) = applications_of(stage)

    is_rest = ground.plane.kind == "rest"
    page = f"{ground.site.rest_url}/applications/argocd/web" if is_rest else ""
    assert found == LinkedApplication("argocd", "web", page, "Healthy", "Synced")


def test_a_stage_follows_the_health_that_its_applications_come_to_have(ground: Ground) -> None:
    stage = ground.stage()
    promotion = ground.promoted(stage)
    for _ in range(3):
        ground.look_again(promotion, seconds=10)
    ground.world.settle()

    seen = []
    for health in ("Degraded", "Progressing", "Healthy"):
        ground.site.set("web", {"status": {"health": {"status": health}}})
        ground.world.hasten(stage)
        seen.append((health_of(stage), ground.world.due_in(stage)))

    assert [state for state, _ in seen] == ["Unhealthy", "Progressing", "Healthy"]
    waits = [wait for _, wait in seen if wait is not None]
    assert waits[1] <= timedelta(seconds=10) < timedelta(minutes=4) < waits[2]


def test_a_mere_refresh_writes_nothing_to_the_stage(ground: Ground) -> None:
    stage = ground.stage()
    promotion = ground.promoted(stage)
    for _ in range(3):
        ground.look_again(promotion, seconds=10)
    ground.world.settle()
    stage.refresh_from_db()
    before = stage.updated_at

    reconciled = {"reconciledAt": ground.site.clock.stamp(50)}
    ground.site.set("web", {"status": reconciled})
    ground.world.hasten(stage)

    stage.refresh_from_db()
    assert health_of(stage) == "Healthy"
    assert stage.updated_at == before


def test_an_operation_that_fails_fails_the_promotion_in_argo_cds_words(ground: Ground) -> None:
    ground.site.controller.outcomes["web"] = [
        Outcome("Failed", "one or more objects failed to apply")
    ]

    promotion = ground.promoted(ground.stage())
    for _ in range(2):
        ground.look_again(promotion, seconds=10)

    assert promotion.phase == "Errored"
    assert (
        'Argo CD Application "web" in namespace "argocd" failed with: one or more objects failed'
        " to apply" in promotion.message
    )


def test_an_application_that_names_another_stage_is_not_touched(ground: Ground) -> None:
    ground.site.set(
        "web", {"metadata": {"annotations": {"kargo.akuity.io/authorized-stage": "a:b"}}}
    )

    promotion = ground.promoted(ground.stage())

    assert promotion.phase == "Errored"
    assert 'Argo CD Application "web" in namespace "argocd" is not authorized' in promotion.message
    assert ground.site.record.operations == []


def test_a_selector_that_matches_nothing_is_said_so(ground: Ground) -> None:
    stage = ground.stage(selector={"matchLabels": {"no": "such"}})

    promotion = ground.promoted(stage)

    assert promotion.phase == "Errored"
    assert (
        'no Argo CD Applications found matching selector in namespace "argocd"' in promotion.message
    )


def test_without_a_control_plane_argo_cd_is_disabled(ground: Ground) -> None:
    delete_control_plane(ground.plane, actor=ROOT, now=NOON)

    promotion = ground.promoted(ground.stage())

    assert promotion.phase == "Errored"
    assert "Argo CD integration is disabled on this controller" in promotion.message


class KilledError(BaseException):
    """The worker is no more."""


@dataclass
class Deadly:
    """Control planes whose first operation kills the worker that asked for it."""

    planes: port.ControlPlanes
    is_armed: bool = True

    def for_shard(self, **place: str) -> "Deadly":
        argocd = self.planes.for_shard(**place)
        assert argocd is not None
        self.argocd = argocd
        return self

    def initiate(self, app: port.Application, request: port.OperationRequest) -> port.Outcome:
        outcome = self.argocd.initiate(app, request)
        if self.is_armed:
            self.is_armed = False
            raise KilledError
        return outcome

    def __getattr__(self, name: str) -> object:
        return getattr(self.argocd, name)


def test_a_worker_killed_after_it_asked_leaves_one_operation(ground: Ground) -> None:
    stage = ground.stage()
    kinds = wiring.step_registry()
    planes: Any = Deadly(wiring.control_planes())
    step = ArgoCDUpdate(planes, DatabaseIntents())
    others = [kinds.find(kind) for kind in kinds.kinds() if kind != step.kind]
    reconciler = ground.world.reconcilers[WorkKind.PROMOTION]
    assert isinstance(reconciler, PromotionReconciler)
    engine = replace(reconciler.engine, registry=Registry([*others, step]))
    ground.world.reconcilers[WorkKind.PROMOTION] = replace(reconciler, engine=engine)

    with pytest.raises(KilledError):
        ground.promoted(stage)
    (intent,) = StepIntent.objects.all()
    written = [it["fate"] for it in intent.note["applications"].values()]
    (promotion,) = ground.world.promotions(stage)
    ground.world.claim(promotion).release(None)
    for _ in range(3):
        ground.look_again(promotion, seconds=10)

    assert written == ["sent"]
    assert promotion.phase == "Succeeded", promotion.message
    assert len(ground.site.record.operations) == 1


def test_two_steps_of_one_promotion_may_sync_the_same_application(ground: Ground) -> None:
    ground.world.warehouse()
    to = {"repoURL": GIT, "updateTargetRevision": True}
    steps: list[Any] = [
        {
            "uses": "argocd-update",
            "as": f"to-{tag}",
            "config": {"apps": [{"name": "web", "sources": [{**to, "desiredRevision": tag}]}]},
        }
        for tag in ("v1", "v2")
    ]
    ground.site.controller.commits[GIT, "v1"] = "v1"
    ground.site.controller.commits[GIT, "v2"] = "v2"
    stage = ground.world.stage("prod", *steps)

    promotion = ground.promoted(stage)
    for _ in range(6):
        ground.look_again(promotion, seconds=10)

    assert promotion.phase == "Succeeded", promotion.message
    assert [it.attempt for it in ground.site.record.operations] == ["1", "2"]
    assert ground.site.app("web")["spec"]["source"]["targetRevision"] == "v2"


def test_a_step_that_waits_past_its_time_is_an_error(ground: Ground) -> None:
    ground.site.controller.is_running = False
    promotion = ground.promoted(ground.stage())

    ground.world.ahead = timedelta(minutes=6)
    ground.look_again(promotion, seconds=1)

    assert promotion.phase == "Errored"
    assert "timed out after 5m0s" in promotion.message
