"""Targets when windows close midway, and previews of the promotion to one of them."""

import pytest

from common.clock import now as read_clock
from common.errors import ForbiddenError, InvalidError
from promotions.engine.eligibility import Bars, Code
from promotions.models import Promotion, PromotionRequest, Stage
from promotions.services.previews import request_preview
from promotions.services.promotion_requests import retry_promotion_request
from promotions.services.promotions import planned_promotion
from tests.functional.domain.asking import waits
from tests.functional.domain.fleets import (
    again,
    begin,
    fleet,
    fleet_stage,
    outcomes,
    request_for,
)
from tests.functional.domain.test_promotion_windows import HOUR, configure, freeze
from tests.functional.domain.world import World

pytestmark = pytest.mark.django_db


def test_a_promotion_to_a_target_that_has_not_started_waits_for_the_opening(demo: World) -> None:
    fleet(demo, 1)
    request = request_for(demo, fleet_stage(demo))
    begin(demo)
    child = Promotion.objects.get(request=request)
    configure(demo, freeze(-HOUR, HOUR))

    demo.reconcile(child)
    child.refresh_from_db()
    frozen = (child.phase, child.is_discarded)
    reasons = [it.code for it in waits(child)]
    configure(demo, freeze(-2 * HOUR, -HOUR))
    demo.hasten(child)

    assert frozen == ("Pending", False)
    assert child.message.startswith('Waiting: promotions are closed: denied by promotion window "')
    assert reasons == [Code.WINDOW_CLOSED]
    assert outcomes(request) == {"t00": "Succeeded"}


def test_nothing_is_retried_while_a_window_is_closed(demo: World) -> None:
    fleet(demo, 1, broken=(0,))
    request = request_for(demo, fleet_stage(demo))
    demo.settle()
    configure(demo, freeze(-HOUR, HOUR))

    with pytest.raises(ForbiddenError) as refused:
        retry_promotion_request(again(request), actor=demo.alice, now=read_clock())

    assert refused.value.code == "window_closed"
    assert PromotionRequest.objects.count() == 1


def test_a_window_that_closes_while_targets_wait_is_told_with_its_opening(demo: World) -> None:
    fleet(demo, 2, waves=2)
    request = request_for(demo, fleet_stage(demo))
    begin(demo)
    configure(demo, freeze(-HOUR, HOUR))

    found = {it.code: it for it in waits(again(request))}

    assert list(found) == [Code.WINDOW_CLOSED, Code.TARGETS_RUN]
    assert found[Code.WINDOW_CLOSED].bars is Bars.START
    assert found[Code.WINDOW_CLOSED].lifts_at is not None
    assert found[Code.TARGETS_RUN].message.startswith('wave 1 ("1") of 2: 0 of 1 target')


def test_a_preview_is_for_the_target_that_was_chosen(demo: World) -> None:
    fleet(demo, 2)
    stage = Stage.objects.select_related("project__tenant").get(pk=fleet_stage(demo).pk)
    pair = (stage, demo.freight())
    now = read_clock()

    first = request_preview(*pair, actor=demo.alice, now=now)
    second = request_preview(*pair, actor=demo.alice, now=now, target="t01")
    with pytest.raises(InvalidError, match='Stage "prod" selects no target "t07"'):
        request_preview(*pair, actor=demo.alice, now=now, target="t07")

    assert (first.target_name, second.target_name) == ("t00", "t01")
    planned = planned_promotion(*pair, actor=demo.alice, now=now, target="t01")
    assert planned.target_facts["params"]["cluster"] == {"name": "t01"}
