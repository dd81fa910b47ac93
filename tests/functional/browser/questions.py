"""Lets the promotion to uat ask people, and lets bob answer, in the database behind a browser."""

from django.contrib.auth.models import Group

from common.clock import now
from promotions.engine.approvals import Action
from promotions.models import Promotion, PromotionPrompt, StepExecution
from promotions.selectors.timeline import promotion_named
from promotions.services.promotion_progress import touched
from promotions.services.responses import Answer, respond_to_promotion
from rbac.models import User
from rbac.selectors import actor_for
from tests.factories.people import make_viewer

_ALIAS = "push"


def ask() -> None:
    """Wait for two approvals."""
    rules = [{"role": "kargo-admin", "required": True}, {"claim": "groups", "value": "leads"}]
    _let_ask("wait-for-approval", minApprovals=2, approvers=rules)


def form() -> None:
    """Wait for a form to be filled in."""
    properties = {
        "version": {"type": "string", "pattern": "^v[0-9]+$", "description": "Such as v7"},
        "notes": {"type": "string", "maxLength": 4000},
        "window": {"type": "string", "format": "date"},
        "replicas": {"type": "integer", "minimum": 1, "default": 3},
        "risk": {"title": "Risk", "enum": ["low", "high"]},
        "zones": {"type": "array", "items": {"enum": ["eu", "us"]}},
        "urgent": {"type": "boolean"},
    }
    schema = {"type": "object", "required": ["version", "risk"], "properties": properties}
    display = "Provide the details for this production release."
    _let_ask("get-user-input", schema=schema, display=display)


def approve() -> None:
    """Let bob, who is in the group leads, approve."""
    promotion = _running()
    bob = User.objects.filter(username="bob").first() or make_viewer(promotion.project)
    bob.groups.add(Group.objects.get_or_create(name="leads")[0])
    respond_to_promotion(
        promotion_named(promotion.project, promotion.name),
        _ALIAS,
        Answer(Action.APPROVE, message="Fine by me"),
        actor=actor_for(bob, address=""),
        now=now(),
    )


ACTS = {"ask": ask, "form": form, "approve": approve}


def _let_ask(kind: str, **config: object) -> None:
    """Let the promotion's second step ask, and nobody have answered."""
    promotion = _running()
    steps = [dict(it) for it in promotion.spec["steps"]]
    steps[1] = {"uses": kind, "as": _ALIAS, "config": config}
    promotion.spec, promotion.current_step = {**promotion.spec, "steps": steps}, 1
    promotion.save(update_fields=["spec", "current_step"])
    StepExecution.objects.filter(promotion=promotion, index=1).update(
        alias=_ALIAS, kind=kind, status="Running", started_at=now(), finished_at=None
    )
    PromotionPrompt.objects.filter(promotion=promotion).delete()
    PromotionPrompt.objects.create(
        promotion=promotion, alias=_ALIAS, kind=kind, config=config, asked_at=now()
    )
    touched(promotion)


def _running() -> Promotion:
    rows = Promotion.objects.select_related("project__tenant")
    return rows.get(project__name="shop", phase="Running")
