"""Three Stages over an afternoon, against a calendar that was written by hand.

``uat`` takes what soaked for 30 minutes in ``test``, ``prod`` what soaked for 60 in ``uat``.

    00  a enters test.
    30  a has soaked in test; uat takes it.
    40  b enters test; a leaves it after 40 minutes.
    60  c enters test; b leaves it after 20 minutes, too early.
    70  A person brings b back to test, where it stays; c leaves it after 10 minutes.
    80  c is approved for uat, which takes it; a leaves uat after 50 minutes, too early for prod.
    100 b has soaked for 30 minutes in one stay. For uat c is newer, and there already.
    140 c has soaked for 60 minutes in uat; prod takes it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import pytest

from common.clock import now as read_clock
from promotions.models import AnalysisRun, Freight, Promotion, Stage, Work, WorkKind
from promotions.selectors.availability import available_to
from promotions.services.freight import approve_freight
from tests.functional.analysis.scenes import template, verifying, web
from tests.functional.domain.world import World, short

pytestmark = pytest.mark.django_db

CALENDAR: Mapping[int, tuple[str, str, str, str, str]] = {
    # minute: held by test, uat, prod; available to uat, to prod
    0: ("a", "", "", "", ""),
    29: ("a", "", "", "", ""),
    30: ("a", "a", "", "a", ""),
    40: ("b", "a", "", "a", ""),
    60: ("c", "a", "", "a", ""),
    70: ("b", "a", "", "a", ""),
    80: ("b", "c", "", "ac", ""),
    99: ("b", "c", "", "ac", ""),
    100: ("b", "c", "", "abc", ""),
    139: ("b", "c", "", "abc", ""),
    140: ("b", "c", "c", "abc", "c"),
}


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


def run(world: World, stages: list[Stage], *, at: datetime) -> None:
    """Have every Stage look, and every promotion run, until nothing moves."""
    for _ in range(2):
        for stage in stages:
            world.reconcile(stage, now=at)
            for promotion in Promotion.objects.filter(stage=stage, finished_at=None):
                world.reconcile(promotion)
                world.reconcile(stage, now=at)


def held(world: World, stage: Stage) -> str:
    return world.held(Stage.objects.get(pk=stage.pk)).get("main", "")


def offered(stage: Stage, *, at: datetime) -> str:
    found = available_to(Stage.objects.get(pk=stage.pk), now=at)
    return "".join(sorted(short(it) for it in found))


@pytest.mark.slow
def test_freight_goes_on_at_the_minutes_in_the_calendar(world: World) -> None:
    world.warehouse()
    world.automate()
    test = world.stage("test")
    uat = world.stage("uat", sources={"stages": ["test"], "requiredSoakTime": "30m"})
    prod = world.stage("prod", sources={"stages": ["uat"], "requiredSoakTime": "1h"})
    begin = read_clock()
    freight: dict[str, Freight] = {}
    events: Mapping[int, Callable[[datetime], object]] = {
        0: lambda _: freight.update(a=world.freight("a")),
        40: lambda _: freight.update(b=world.freight("b")),
        60: lambda _: freight.update(c=world.freight("c")),
        70: lambda _: world.promote(test, freight["b"]),
        80: lambda now: approve_freight(freight["c"], uat, actor=world.alice, now=now),
    }

    seen = {}
    for minute in CALENDAR:
        now = begin + minutes(minute)
        if minute in events:
            events[minute](now)
        run(world, [test, uat, prod], at=now)
        seen[minute] = (
            *(held(world, stage) for stage in (test, uat, prod)),
            *(offered(stage, at=now) for stage in (uat, prod)),
        )

    assert seen == CALENDAR


def test_a_stage_looks_again_when_the_next_soak_is_over(world: World) -> None:
    world.warehouse()
    world.automate()
    test = world.stage("test")
    uat = world.stage("uat", sources={"stages": ["test"], "requiredSoakTime": "30m"})
    begin = read_clock()
    world.freight("a")
    run(world, [test, uat], at=begin)

    looks = {at: world.reconcile(uat, now=begin + minutes(at)) for at in (1, 27, 29)}

    assert looks == {1: minutes(5), 27: minutes(3), 29: minutes(1)}


@pytest.mark.parametrize(
    ("verdict", "ended", "expected"),
    [
        ("Successful", 10, {29: "", 30: "a"}),
        ("Successful", 45, {30: "", 44: "", 45: "a"}),
        ("Failed", 10, {30: "", 600: ""}),
    ],
)
def test_soaking_begins_when_freight_enters_and_counts_once_it_is_verified(
    world: World, verdict: str, ended: int, expected: dict[int, str]
) -> None:
    world.warehouse()
    template(world, web("https://metrics.example.com/health"))
    test = world.stage("test", **verifying())
    uat = world.stage("uat", sources={"stages": ["test"], "requiredSoakTime": "30m"})
    begin = read_clock()
    world.promote(test, world.freight("a"))
    run(world, [test], at=begin)
    Work.objects.filter(kind=WorkKind.ANALYSIS_RUN).delete()

    seen = {}
    for minute in sorted({*expected, ended}):
        now = begin + minutes(minute)
        if minute == ended:
            status = {"phase": verdict}
            AnalysisRun.objects.update(phase=verdict, ended_at=now, status=status)
        run(world, [test], at=now)
        seen[minute] = offered(uat, at=now)

    assert {minute: seen[minute] for minute in expected} == expected
