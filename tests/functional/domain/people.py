"""Promotions with steps that ask people, and people who answer."""

from collections.abc import Callable
from typing import Any

from common.clock import now
from common.jsontypes import JSONObject, JSONValue
from promotions.engine.approvals import Action
from promotions.models import Promotion, PromotionResponse
from promotions.services.responses import Answer, respond_to_promotion
from rbac.actors import Actor
from rbac.models import User
from rbac.selectors import actor_for
from tests.functional.domain.world import World


def step(uses: str, alias: str = "", /, **config: JSONValue) -> JSONObject:
    return {"uses": uses, "as": alias or uses, "config": config}


def approval(**config: JSONValue) -> JSONObject:
    return step("wait-for-approval", "approve", **config)


def promoted(world: World, *steps: JSONValue) -> Promotion:
    world.warehouse()
    promotion = world.promote(world.stage("test", *steps), world.freight("a"))
    world.settle()
    promotion.refresh_from_db()
    return promotion


def person(world: World, make: Callable[..., User], name: str) -> Actor:
    return actor_for(make(world.project, name), address="192.0.2.1")


def respond(
    promotion: Promotion, actor: Actor, action: Action, message: str = "", **rest: Any
) -> PromotionResponse:
    alias = rest.pop("alias", "approve")
    answer = Answer(action, message=message, **rest)
    return respond_to_promotion(
        Promotion.objects.select_related("project__tenant").get(pk=promotion.pk),
        alias,
        answer,
        actor=actor,
        now=now(),
    )


def output(promotion: Promotion, alias: str = "approve") -> dict[str, Any]:
    promotion.refresh_from_db()
    found: dict[str, Any] = promotion.state[alias]
    return found
