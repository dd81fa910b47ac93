"""Steps whose selector matches a great many Applications take turns, and come to an end."""

import pytest

from promotions.steps.argocd_update import ASKED_AT_ONCE
from promotions.steps.argocd_wait import READ_AT_ONCE
from promotions.steps.support.argocd_applications import POLL_INTERVAL
from tests.fakes.argocd import application
from tests.fakes.argocd.store import APPLICATIONS
from tests.functional.argocd.conftest import Ground

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

TEAM = {"matchLabels": {"team": "a"}}


def add(ground: Ground, count: int) -> None:
    """Add Applications, with an Argo CD that may be asked as often as anybody likes."""
    for number in range(count):
        app = application(f"app-{number:03}", stage="demo:prod", labels={"team": "a"})
        app["status"] = {
            "reconciledAt": ground.site.clock.stamp(),
            "health": {"status": "Healthy"},
            "sync": {"status": "Synced", "revision": "aaa"},
        }
        ground.site.store.add(APPLICATIONS, app)
    pace = {"requestsPerSecond": 1000, "burst": 1000, "connections": 8}
    ground.plane.spec = {**ground.plane.spec, "rateLimit": pace}
    ground.plane.save(update_fields=["spec"])


def reads(ground: Ground) -> int:
    return sum(
        it.method == "GET" and "/applications/app-" in it.path for it in ground.site.record.requests
    )


def test_operations_are_begun_a_few_at_a_time_until_all_are_done(ground: Ground) -> None:
    count = ASKED_AT_ONCE + 5
    add(ground, count)

    promotion = ground.promoted(ground.stage("argocd-update", selector=TEAM))
    begun = len(ground.site.record.operations)
    for _ in range(3):
        ground.look_again(promotion, seconds=10)

    assert begun == ASKED_AT_ONCE
    assert promotion.phase == "Succeeded", promotion.message
    assert len(ground.site.record.operations) == count


def test_a_long_list_is_not_read_again_one_by_one(ground: Ground) -> None:
    add(ground, READ_AT_ONCE + 5)

    promotion = ground.promoted(ground.stage("argocd-wait", selector=TEAM))
    first = (promotion.phase, reads(ground))
    ground.world.ahead += POLL_INTERVAL
    ground.look_again(promotion, seconds=10)

    assert first == ("Running", READ_AT_ONCE)
    assert promotion.phase == "Succeeded", promotion.message
    assert reads(ground) == READ_AT_ONCE
