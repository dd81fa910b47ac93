"""What brings about each reason why something waits."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from common.clock import now as read_clock
from common.jsontypes import JSONObject, JSONValue
from projects.models import ControlPlane, Project, ProjectConfig, Quota
from promotions.engine.phases import PromotionPhase
from promotions.models import (
    AutoPromotionHold,
    Freight,
    PromotionRequest,
    RequestTarget,
    Stage,
    StepExecution,
    Verification,
    Warehouse,
    Work,
    WorkerBeat,
)
from promotions.selectors.approvals import Subject
from tests.factories.domain import (
    hold_freight,
    make_freight,
    make_project,
    make_promotion,
    make_stage,
    make_standing,
    make_warehouse,
)

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
EVERY: JSONValue = {"name": "glob:*"}
DIRECT: JSONObject = {"direct": True}
FOLLOWING: JSONObject = {
    "stages": ["test"],
    "autoPromotionOptions": {"selectionPolicy": "MatchUpstream"},
}


@dataclass
class Asked:
    """A Stage, Freight, and what moves or waits, of which one reason is asked."""

    project: Project = field(default_factory=make_project)
    since: datetime = field(default_factory=read_clock)

    def __post_init__(self) -> None:
        self.warehouse: Warehouse = make_warehouse(self.project)
        self.freight: Freight = make_freight(self.warehouse, alias="quiet-otter")
        self.stage: Stage = make_stage(self.project, "prod")
        self.subject: Subject | None = None

    def downstream(self, sources: JSONObject | None = None) -> Stage:
        """Let ``prod`` take Freight from ``test``, and return ``test``."""
        upstream = make_stage(self.project, "test")
        self.request(sources or {"stages": ["test"]})
        return upstream

    def request(self, sources: JSONObject) -> None:
        origin = {"kind": "Warehouse", "name": "main"}
        wanted: list[JSONValue] = [{"origin": origin, "sources": sources}]
        self.stage.spec = {**self.stage.spec, "requestedFreight": wanted}
        self.stage.save(update_fields=["spec"])

    def configure(self, **spec: JSONValue) -> None:
        times = {"created_at": self.since, "updated_at": self.since}
        ProjectConfig.objects.create(project=self.project, name="demo", spec=spec, **times)

    def automate(self) -> None:
        self.configure(promotionPolicies=[{"stageSelector": EVERY, "autoPromotionEnabled": True}])

    def verify(self, stage: Stage, phase: str) -> None:
        collection = hold_freight(stage, self.freight)
        Verification.objects.create(collection=collection, phase=phase, started_at=self.since)

    def runs(self, **step: object) -> None:
        """Let a promotion to ``prod`` be at a step."""
        self.subject = make_promotion(self.stage, self.freight, phase=PromotionPhase.RUNNING)
        Stage.objects.filter(pk=self.stage.pk).update(current_promotion=self.subject)
        columns = {"kind": "git-wait-for-pr", "started_at": self.since, **step}
        StepExecution.objects.create(promotion=self.subject, index=0, alias="it", **columns)


# ------------------------------------------------------------ what bars anybody
def not_requested(it: Asked) -> None:
    it.freight = make_freight(make_warehouse(it.project, "other"), alias="lost-cat")


def not_verified(it: Asked) -> None:
    it.downstream()


def upstream_missing(it: Asked) -> None:
    it.request({"stages": ["gone"]})


def upstream_promoting(it: Asked) -> None:
    make_promotion(it.downstream(), it.freight)


def upstream_verifying(it: Asked) -> None:
    it.verify(it.downstream(), "Running")


def upstream_verification_failed(it: Asked) -> None:
    it.verify(it.downstream(), "Failed")


def upstream_not_healthy(it: Asked) -> None:
    test = it.downstream()
    hold_freight(test, it.freight)
    Stage.objects.filter(pk=test.pk).update(health={"status": "Unhealthy", "issues": []})


def upstream_health_unknown(it: Asked) -> None:
    hold_freight(it.downstream(), it.freight)


def soaking(it: Asked) -> None:
    test = it.downstream({"stages": ["test"], "requiredSoakTime": "1h"})
    since = it.since - 18 * MINUTE + timedelta(seconds=40)
    make_standing(test, it.freight, verified_at=since, current_since=since)


def soak_interrupted(it: Asked) -> None:
    test = it.downstream({"stages": ["test"], "requiredSoakTime": "1h"})
    make_standing(test, it.freight, verified_at=it.since, longest_soak=timedelta(minutes=1))


def never_soaks(it: Asked) -> None:
    test = it.downstream({"stages": ["test"], "requiredSoakTime": "1h"})
    Stage.objects.filter(pk=test.pk).update(is_control_flow=True)
    make_standing(test, it.freight, verified_at=it.since)


def window_closed(it: Asked) -> None:
    times = {"dtstart": "20200101T000000Z", "dtend": "21000101T000000Z"}
    it.configure(promotionWindows=[{"name": "freeze", "kind": "Deny", **times}])


def control_flow(it: Asked) -> None:
    spec = {"requestedFreight": it.stage.spec["requestedFreight"]}
    Stage.objects.filter(pk=it.stage.pk).update(is_control_flow=True, spec=spec)


def template_incomplete(it: Asked) -> None:
    steps: list[JSONValue] = [{"task": {"name": "ship"}}]
    it.stage.spec = {**it.stage.spec, "promotionTemplate": {"spec": {"steps": steps}}}
    it.stage.save(update_fields=["spec"])


# ------------------------------------------------------------ what has to wait
def approvals_missing(it: Asked) -> None:
    it.configure(approvalPolicies=[{"stageSelector": EVERY, "minApprovals": 2}])


def tenant_suspended(it: Asked) -> None:
    it.subject = make_promotion(it.stage, it.freight)
    tenant = it.project.tenant
    type(tenant).objects.filter(pk=tenant.pk).update(suspended_at=it.since)


def promotion_running(it: Asked) -> None:
    running = make_promotion(it.stage, make_freight(it.warehouse), phase=PromotionPhase.RUNNING)
    Stage.objects.filter(pk=it.stage.pk).update(current_promotion=running)


def queued(it: Asked) -> None:
    make_promotion(it.stage, make_freight(it.warehouse))


def verification_running(it: Asked) -> None:
    it.verify(it.stage, "Running")


def verification_due(it: Asked) -> None:
    hold_freight(it.stage, it.freight)


def quota_reached(it: Asked) -> None:
    Quota.objects.update_or_create(
        tenant=it.project.tenant, defaults={"max_concurrent_promotions": 0}
    )


def shard_dead(it: Asked) -> None:
    Stage.objects.filter(pk=it.stage.pk).update(shard="edge")
    WorkerBeat.objects.create(worker="w", shard="edge", at=it.since - HOUR)


def control_plane_unreachable(it: Asked) -> None:
    it.stage.spec = {
        **it.stage.spec,
        "promotionTemplate": {"spec": {"steps": [{"uses": "argocd-update"}]}},
    }
    it.stage.save(update_fields=["spec"])
    ControlPlane.objects.create(
        tenant=it.project.tenant,
        name="argo-eu",
        kind="rest",
        state="unreachable",
        created_at=it.since,
        updated_at=it.since,
    )


# ------------------------------------------------------------ what only automation heeds
def already_there(it: Asked) -> None:
    it.automate()
    it.verify(it.stage, "Successful")


def auto_promotion_off(_: Asked) -> None:
    """Nothing is configured."""


def held(it: Asked) -> None:
    it.automate()
    names = {"freight_name": "older", "promotion_name": "prod.older"}
    AutoPromotionHold.objects.create(
        stage=it.stage, origin="Warehouse/main", actor="alice", created_at=it.since, **names
    )


def left_upstream(it: Asked) -> None:
    it.automate()
    make_standing(it.downstream(FOLLOWING), it.freight, verified_at=it.since)


def never_in_upstream(it: Asked) -> None:
    it.automate()
    test = it.downstream(FOLLOWING)
    Stage.objects.filter(pk=test.pk).update(is_control_flow=True)
    make_standing(test, it.freight, verified_at=it.since)


def several_upstream(it: Asked) -> None:
    it.automate()
    test = it.downstream(FOLLOWING)
    for freight in (it.freight, make_freight(it.warehouse)):
        make_standing(test, freight, verified_at=it.since, current_since=it.since)


def not_newest(it: Asked) -> None:
    it.automate()
    make_freight(it.warehouse, alias="newer")


def request_exists(it: Asked) -> None:
    it.automate()
    _request(it, phase="Failed", finished_at=it.since)
    it.subject = None


def last_attempt_failed(it: Asked) -> None:
    it.automate()
    make_promotion(it.stage, it.freight, phase=PromotionPhase.FAILED)


# ------------------------------------------------------------ what a promotion waits for
def freight_deleted(it: Asked) -> None:
    it.subject = make_promotion(it.stage, it.freight)
    Freight.objects.filter(pk=it.freight.pk).update(deleted_at=it.since)


def not_started(it: Asked) -> None:
    it.subject = make_promotion(it.stage, it.freight)


def step_waits(it: Asked) -> None:
    it.runs(status="Running", message="pull request #7 is open")


def step_retries(it: Asked) -> None:
    it.runs(status="Errored", message="no route to host", error_count=2)
    assert it.subject is not None
    Work.objects.create(
        kind="promotion",
        uid=it.subject.uid,
        tenant_uid=it.project.tenant.uid,
        shard="default",
        due_at=it.since + HOUR,
    )


def step_runs(it: Asked) -> None:
    it.runs(status="Running", message="")


def targets_run(it: Asked) -> None:
    request = _request(it, phase="Running", started_at=it.since, policy={"pauseBetweenWaves": "1h"})
    Stage.objects.filter(pk=it.stage.pk).update(current_request=request)
    done = make_promotion(
        it.stage,
        it.freight,
        phase=PromotionPhase.SUCCEEDED,
        at=it.since,
        request=request,
        target_name="eu",
    )
    RequestTarget.objects.create(request=request, name="eu", wave="1", promotion=done)
    RequestTarget.objects.create(request=request, name="us", wave="2")


def _request(it: Asked, **columns: object) -> PromotionRequest:
    spec = {**it.stage.spec, "targets": {"selectors": [{}]}}
    Stage.objects.filter(pk=it.stage.pk).update(spec=spec)
    times = {"created_at": it.since, "updated_at": it.since}
    name = "prod.01kt1mn1p0000000000000000z.abcdef0"
    it.subject = PromotionRequest.objects.create(
        project=it.project, stage=it.stage, freight=it.freight, name=name, **times, **columns
    )
    return it.subject
