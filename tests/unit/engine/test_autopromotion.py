from datetime import UTC, datetime, timedelta

import pytest

from common.errors import InvalidError
from promotions.engine.autopromotion import (
    Decision,
    PromotionPolicy,
    PromotionSummary,
    Skip,
    StageFacts,
    candidates,
    decide_auto_promotion,
    is_auto_promotion_enabled,
    matching_policy,
    parse_policy,
)
from promotions.engine.availability import FreightStanding, RequestedFreight, SelectionPolicy
from promotions.engine.freight import FreightOrigin
from promotions.engine.phases import PromotionPhase

NOW = datetime(2026, 1, 1, tzinfo=UTC)
WAREHOUSE, OTHER = FreightOrigin("wh"), FreightOrigin("other")
REQUEST = RequestedFreight(WAREHOUSE, direct=True)
MATCH = RequestedFreight(
    WAREHOUSE, stages=("dev",), selection_policy=SelectionPolicy.MATCH_UPSTREAM
)


def freight(name: str, *, minutes: int = 0, origin: FreightOrigin = WAREHOUSE) -> FreightStanding:
    return FreightStanding(name, origin, NOW + timedelta(minutes=minutes))


def promotion(name: str, phase: PromotionPhase, freight_name: str = "f") -> PromotionSummary:
    return PromotionSummary(name, freight_name, phase)


def skip(facts: StageFacts, *, candidate: str = "f") -> Skip | None:
    [decision] = decide_auto_promotion(
        [REQUEST], candidates={"Warehouse/wh": candidate} if candidate else {}, facts=facts
    )
    return decision.skip


def test_without_a_policy_nothing_is_automatic() -> None:
    assert not is_auto_promotion_enabled([], stage="dev", labels={})
    assert matching_policy([], stage="dev", labels={}) is None


def test_the_first_policy_that_matches_decides() -> None:
    policies = [
        parse_policy({"stage": "prod", "autoPromotionEnabled": False}),
        parse_policy({"stageSelector": {"name": "glob:p*"}, "autoPromotionEnabled": True}),
    ]

    assert not is_auto_promotion_enabled(policies, stage="prod", labels={})
    assert is_auto_promotion_enabled(policies, stage="pre", labels={})
    assert not is_auto_promotion_enabled(policies, stage="dev", labels={})


def test_a_policy_without_selector_is_about_every_stage() -> None:
    assert PromotionPolicy(is_enabled=True).matches("any", {})


def test_labels_and_name_must_both_match() -> None:
    policy = parse_policy(
        {"stageSelector": {"name": "dev", "matchLabels": {"a": "1"}}, "autoPromotionEnabled": True}
    )

    assert policy.matches("dev", {"a": "1"})
    assert not policy.matches("dev", {})
    assert not policy.matches("qa", {"a": "1"})


def test_a_malformed_pattern_is_an_error() -> None:
    policy = parse_policy({"stageSelector": {"name": "regex:("}})

    with pytest.raises(InvalidError):
        policy.matches("dev", {})


def test_the_candidate_is_the_newest_and_then_the_last_by_name() -> None:
    items = [freight("b"), freight("c"), freight("a", minutes=1), freight("z", origin=OTHER)]

    assert candidates([REQUEST], items) == {"Warehouse/wh": "a"}
    assert candidates([REQUEST], items[:2]) == {"Warehouse/wh": "c"}
    assert candidates([REQUEST], items[3:]) == {}


def test_matching_upstream_wants_exactly_one() -> None:
    assert candidates([MATCH], [freight("a")]) == {"Warehouse/wh": "a"}
    assert candidates([MATCH], [freight("a"), freight("b")]) == {}


def test_a_candidate_is_promoted() -> None:
    facts = StageFacts(is_enabled=True)

    assert decide_auto_promotion(
        [REQUEST, RequestedFreight(OTHER, direct=True), REQUEST],
        candidates={"Warehouse/wh": "f", "Warehouse/other": "g"},
        facts=facts,
    ) == (Decision("Warehouse/wh", "f"), Decision("Warehouse/other", "g"))


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (StageFacts(is_enabled=False), Skip.DISABLED),
        (StageFacts(is_enabled=True, held=frozenset({"Warehouse/wh"})), Skip.HELD),
        (StageFacts(is_enabled=True, held=frozenset({"Warehouse/other"})), None),
        (StageFacts(is_enabled=True, current=frozenset({"f"})), Skip.ALREADY_CURRENT),
        (StageFacts(is_enabled=True, promoting="f"), Skip.IN_PROGRESS),
        (StageFacts(is_enabled=True, promoting="g"), None),
        (StageFacts(is_enabled=True, requested=frozenset({"f"})), Skip.REQUEST_EXISTS),
    ],
)
def test_the_stage_itself_may_stand_in_the_way(facts: StageFacts, reason: Skip | None) -> None:
    assert skip(facts) is reason


def test_without_a_candidate_there_is_nothing_to_promote() -> None:
    assert skip(StageFacts(is_enabled=True), candidate="") is Skip.NO_CANDIDATE


@pytest.mark.parametrize(
    ("promotions", "reason"),
    [
        ([promotion("s.5", PromotionPhase.PENDING)], Skip.PROMOTION_EXISTS),
        ([promotion("s.1", PromotionPhase.NEW)], Skip.PROMOTION_EXISTS),
        ([promotion("s.5", PromotionPhase.SUCCEEDED)], Skip.PROMOTION_EXISTS),
        ([promotion("s.1", PromotionPhase.SUCCEEDED)], None),
        ([promotion("s.5", PromotionPhase.PENDING, "g")], None),
        ([promotion("s.5", PromotionPhase.FAILED)], Skip.LAST_ATTEMPT_FAILED),
        ([promotion("s.1", PromotionPhase.ABORTED)], Skip.LAST_ATTEMPT_FAILED),
        (
            [promotion("s.1", PromotionPhase.SUCCEEDED), promotion("s.2", PromotionPhase.ERRORED)],
            Skip.LAST_ATTEMPT_FAILED,
        ),
        (
            [promotion("s.1", PromotionPhase.FAILED), promotion("s.2", PromotionPhase.SUCCEEDED)],
            None,
        ),
    ],
)
def test_earlier_promotions_of_the_freight_may_stand_in_the_way(
    promotions: list[PromotionSummary], reason: Skip | None
) -> None:
    facts = StageFacts(is_enabled=True, last_promotion="s.3", promotions=tuple(promotions))

    assert skip(facts) is reason
