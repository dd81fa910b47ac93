"""Lets promotions to prod and a request for targets wait for approval, behind a browser."""

from common.clock import now
from projects.models import ProjectConfig
from promotions.engine.approvals import Action
from promotions.models import Promotion, PromotionRequest, RequestTarget, Stage, Target
from promotions.selectors.timeline import promotion_named
from promotions.services.approvals import Judgement, judge_promotion
from rbac.selectors import actor_for
from tests.factories.people import make_promoter


def need_approval() -> None:
    """Ask for two approvals of what goes to prod, one of them given; and fleet has targets."""
    prod = Stage.objects.select_related("project__tenant").get(project__name="shop", name="prod")
    policy = {"minApprovals": 2, "expiresAfter": "24h", "approvers": _APPROVERS}
    times = {"created_at": now(), "updated_at": now()}
    spec = {"approvalPolicies": [policy]}
    ProjectConfig.objects.create(project=prod.project, name="shop", spec=spec, **times)
    Promotion.objects.filter(stage=prod, phase="Pending").update(actor="email:dora@example.com")
    waiting = Promotion.objects.get(stage=prod, phase="Pending")
    bob = actor_for(make_promoter(prod.project), address="")
    judge_promotion(
        promotion_named(prod.project, waiting.name),
        Judgement(Action.APPROVE, "Fine by me"),
        actor=bob,
        now=now(),
    )
    _fleet(prod)


_APPROVERS = [{"role": "kargo-admin", "required": True}, {"role": "kargo-promoter"}]


def _fleet(prod: Stage) -> None:
    times = {"created_at": now(), "updated_at": now()}
    spec = {**prod.spec, "targets": {"selectors": [{}]}}
    stage = Stage.objects.create(project=prod.project, name="fleet", spec=spec, **times)
    freight = prod.promotions.earliest("pk").freight
    request = PromotionRequest.objects.create(
        project=prod.project,
        stage=stage,
        freight=freight,
        name="fleet.01kt1mn1p0000000000000000z.abcdef0",
        actor="email:dora@example.com",
        **times,
    )
    for name, wave in (("eu-1", "1"), ("eu-2", "1"), ("us-1", "2")):
        Target.objects.create(project=prod.project, name=name, spec={"params": {}}, **times)
        RequestTarget.objects.create(request=request, name=name, wave=wave)


ACTS = {"need-approval": need_approval}
