from datetime import UTC, datetime

import pytest

from promotions.engine.holds import (
    Hold,
    HoldIntent,
    PromotionIntent,
    durable_holds,
    effective_holds,
    hold_intent,
)
from promotions.engine.phases import PromotionPhase

NOW = datetime(2026, 1, 1, tzinfo=UTC)
A, B = "Warehouse/a", "Warehouse/b"
ORIGINS = {A, B}


def said(
    name: str,
    intent: HoldIntent | None,
    *,
    phase: PromotionPhase = PromotionPhase.SUCCEEDED,
    origin: str = A,
) -> PromotionIntent:
    return PromotionIntent(name, phase, intent, origin, f"freight-{name}", "alice", NOW)


def held(name: str, origin: str = A) -> Hold:
    return Hold(f"freight-{name}", origin, name, "alice", NOW)


@pytest.mark.parametrize(
    "phase", [PromotionPhase.SUCCEEDED, PromotionPhase.FAILED, PromotionPhase.ERRORED]
)
def test_a_finished_promotion_holds_its_origin(phase: PromotionPhase) -> None:
    finished = [said("s.1", HoldIntent.HOLD, phase=phase)]

    assert durable_holds({}, finished, origins=ORIGINS, is_enabled=True) == {A: held("s.1")}


@pytest.mark.parametrize("phase", [PromotionPhase.ABORTED, PromotionPhase.RUNNING])
def test_an_aborted_or_unfinished_one_does_not(phase: PromotionPhase) -> None:
    finished = [said("s.1", HoldIntent.HOLD, phase=phase)]

    assert durable_holds({}, finished, origins=ORIGINS, is_enabled=True) == {}


def test_promotions_are_heard_in_the_order_of_their_names() -> None:
    hold, resume = HoldIntent.HOLD, HoldIntent.RESUME

    later_hold = [said("s.2", hold), said("s.1", resume)]
    later_resume = [said("s.2", resume, phase=PromotionPhase.FAILED), said("s.1", hold)]

    assert durable_holds({}, later_hold, origins=ORIGINS, is_enabled=True) == {A: held("s.2")}
    assert durable_holds({}, later_resume, origins=ORIGINS, is_enabled=True) == {}


def test_one_origin_is_released_and_another_held_in_one_pass() -> None:
    finished = [said("s.2", HoldIntent.RESUME), said("s.3", HoldIntent.HOLD, origin=B)]

    result = durable_holds({A: held("s.1")}, finished, origins=ORIGINS, is_enabled=True)

    assert result == {B: held("s.3", B)}


def test_a_hold_stays_when_nothing_is_said_about_it() -> None:
    holds = {A: held("s.1")}

    assert durable_holds(holds, [said("s.2", None)], origins=ORIGINS, is_enabled=True) == holds
    assert durable_holds(holds, [], origins=ORIGINS, is_enabled=True) == holds


def test_origins_that_are_not_requested_are_dropped_and_ignored() -> None:
    finished = [said("s.2", HoldIntent.HOLD, origin="Warehouse/gone")]

    assert durable_holds({A: held("s.1")}, finished, origins={B}, is_enabled=True) == {}


def test_without_auto_promotion_nothing_is_held() -> None:
    said_hold = [said("s.2", HoldIntent.HOLD)]

    assert durable_holds({A: held("s.1")}, said_hold, origins=ORIGINS, is_enabled=False) == {}
    assert (
        effective_holds(
            {A: held("s.1")}, said_hold, last_promotion="", origins=ORIGINS, is_enabled=False
        )
        == {}
    )


@pytest.mark.parametrize(
    ("promotions", "expected"),
    [
        ([], {A: held("s.1")}),
        ([said("s.2", HoldIntent.RESUME)], {A: held("s.1")}),
        ([said("s.5", HoldIntent.RESUME, phase=PromotionPhase.PENDING)], {}),
        ([said("s.5", HoldIntent.RESUME, phase=PromotionPhase.ABORTED)], {A: held("s.1")}),
        ([said("s.5", HoldIntent.HOLD, phase=PromotionPhase.RUNNING)], {A: held("s.5")}),
        (
            [said("s.5", HoldIntent.HOLD), said("s.6", HoldIntent.RESUME)],
            {},
        ),
    ],
)
def test_the_newest_intent_that_is_not_yet_noted_takes_effect_now(
    promotions: list[PromotionIntent], expected: dict[str, Hold]
) -> None:
    result = effective_holds(
        {A: held("s.1")}, promotions, last_promotion="s.3", origins=ORIGINS, is_enabled=True
    )

    assert result == expected


@pytest.mark.parametrize(
    ("actor", "control_plane", "enabled", "candidate", "expected"),
    [
        ("kubernetes:alice", False, True, "f", HoldIntent.RESUME),
        ("kubernetes:alice", False, True, "g", HoldIntent.HOLD),
        ("kubernetes:alice", False, True, "", HoldIntent.HOLD),
        ("kubernetes:alice", False, False, "g", None),
        ("controller:stage-controller", True, True, "g", None),
        ("", True, True, "g", None),
        ("kubernetes:alice", True, True, "g", HoldIntent.HOLD),
        ("", False, True, "g", HoldIntent.HOLD),
    ],
)
def test_only_a_persons_promotion_says_anything(
    *,
    actor: str,
    control_plane: bool,
    enabled: bool,
    candidate: str,
    expected: HoldIntent | None,
) -> None:
    intent = hold_intent(
        create_actor=actor,
        is_control_plane=control_plane,
        is_enabled=enabled,
        candidate=candidate,
        freight="f",
    )

    assert intent is expected
