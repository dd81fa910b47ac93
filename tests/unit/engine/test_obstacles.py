from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as some

from promotions.engine.autopromotion import PromotionSummary, StageFacts
from promotions.engine.availability import (
    FreightStanding,
    RequestedFreight,
    SelectionPolicy,
    Strategy,
    availability,
    obstacles,
)
from promotions.engine.eligibility import Code
from promotions.engine.freight import FreightOrigin
from promotions.engine.health import HealthState
from promotions.engine.holds import Hold
from promotions.engine.obstacles import (
    Automation,
    UpstreamFacts,
    automation_reasons,
    availability_reasons,
    gate_reasons,
)
from promotions.engine.phases import PromotionPhase
from promotions.engine.verification import Gate, VerificationPhase

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MAIN = FreightOrigin("main")
FROM_UAT = RequestedFreight(MAIN, stages=("uat",))
FROM_BOTH = RequestedFreight(MAIN, stages=("qa", "uat"), required_soak=HOUR, strategy=Strategy.ALL)


def freight(
    verified: Mapping[str, timedelta | None] | None = None,
    since: Mapping[str, datetime | None] | None = None,
    approved: frozenset[str] = frozenset(),
) -> FreightStanding:
    return FreightStanding("f", MAIN, NOW, approved, verified or {}, since or {})


def told(
    item: FreightStanding, *requests: RequestedFreight, **upstream: UpstreamFacts
) -> list[tuple[Code, str, datetime | None]]:
    reasons = availability_reasons(
        item, stage="prod", requests=requests, upstream=upstream, now=NOW
    )
    return [(it.code, it.message, it.lifts_at) for it in reasons]


def codes(
    item: FreightStanding, *requests: RequestedFreight, **upstream: UpstreamFacts
) -> list[Code]:
    return [code for code, _, _ in told(item, *requests, **upstream)]


def test_where_all_upstreams_count_each_of_them_says_what_is_missing() -> None:
    item = freight({"uat": None}, {"uat": NOW - timedelta(minutes=18)})

    assert told(item, FROM_BOTH) == [
        (Code.NOT_VERIFIED, "not yet verified in qa", None),
        (Code.SOAKING, "42 min of soak left in uat", NOW + timedelta(minutes=42)),
    ]


def test_soaking_upstreams_end_each_at_its_own_time() -> None:
    item = freight({"qa": None, "uat": None}, {"qa": NOW - HOUR / 2, "uat": NOW})

    assert [at for _, _, at in told(item, FROM_BOTH)] == [NOW + HOUR / 2, NOW + HOUR]


def test_soak_that_was_broken_off_has_no_end() -> None:
    item = freight({"qa": HOUR, "uat": HOUR / 2})

    assert told(item, FROM_BOTH) == [
        (
            Code.SOAK_INTERRUPTED,
            "has not been in uat for long enough, and is not there now",
            None,
        )
    ]


def test_one_of_several_ways_is_explained_the_nearest() -> None:
    item = freight({"uat": None}, {"uat": NOW})
    soaked = RequestedFreight(MAIN, stages=("uat",), required_soak=HOUR)

    assert codes(item, RequestedFreight(MAIN, stages=("qa",)), soaked) == [Code.SOAKING]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (UpstreamFacts(promoting={"f": "uat.1"}), [Code.UPSTREAM_PROMOTING]),
        (UpstreamFacts(), [Code.NOT_IN_UPSTREAM]),
        (UpstreamFacts(is_control_flow=True), []),
        (
            UpstreamFacts(holds=frozenset("f"), verification=VerificationPhase.RUNNING),
            [Code.UPSTREAM_VERIFYING],
        ),
        (
            UpstreamFacts(holds=frozenset("f"), verification=VerificationPhase.FAILED),
            [Code.UPSTREAM_VERIFICATION_FAILED],
        ),
        (UpstreamFacts(holds=frozenset("f")), [Code.UPSTREAM_HEALTH_UNKNOWN]),
        (
            UpstreamFacts(holds=frozenset("f"), health=HealthState.UNKNOWN),
            [Code.UPSTREAM_HEALTH_UNKNOWN],
        ),
        (
            UpstreamFacts(holds=frozenset("f"), health=HealthState.PROGRESSING),
            [Code.UPSTREAM_NOT_HEALTHY],
        ),
        (UpstreamFacts(holds=frozenset("f"), health=HealthState.HEALTHY), []),
    ],
)
def test_what_is_not_verified_says_what_its_verification_waits_for(
    facts: UpstreamFacts, expected: list[Code]
) -> None:
    assert codes(freight(), FROM_UAT, uat=facts) == [Code.NOT_VERIFIED, *expected]


@pytest.mark.parametrize(
    ("gate", "current", "expected"),
    [
        (Gate.OPEN, "", []),
        (Gate.OPEN, "p", [Code.PROMOTION_RUNNING]),
        (Gate.VERIFYING, "p", [Code.PROMOTION_RUNNING]),
        (Gate.VERIFYING, "", [Code.VERIFICATION_RUNNING]),
        (Gate.VERIFICATION_DUE, "", [Code.VERIFICATION_DUE]),
    ],
)
def test_a_stage_says_what_it_finishes_first(
    gate: Gate, current: str, expected: list[Code]
) -> None:
    assert [it.code for it in gate_reasons(gate, stage="prod", current=current)] == expected


HOLD = Hold("old", str(MAIN), "prod.1", "alice", NOW)
FAILED = (PromotionSummary("prod.1", "f", PromotionPhase.FAILED),)


@pytest.mark.parametrize(
    ("facts", "newest", "expected"),
    [
        (StageFacts(is_enabled=True), "f", []),
        (StageFacts(is_enabled=True), None, []),
        (StageFacts(is_enabled=False), "g", [Code.AUTO_PROMOTION_OFF]),
        (StageFacts(is_enabled=True, held=frozenset({str(MAIN)})), "f", [Code.HELD]),
        (StageFacts(is_enabled=True, current=frozenset("f")), "f", [Code.ALREADY_THERE]),
        (StageFacts(is_enabled=True, requested=frozenset("f")), "f", [Code.REQUEST_EXISTS]),
        (StageFacts(is_enabled=True, promotions=FAILED), "f", [Code.LAST_ATTEMPT_FAILED]),
        (StageFacts(is_enabled=True), "g", [Code.NOT_NEWEST]),
        (StageFacts(is_enabled=True), "", [Code.SEVERAL_UPSTREAM]),
    ],
)
def test_what_people_may_promote_says_why_the_platform_does_not(
    facts: StageFacts, newest: str | None, expected: list[Code]
) -> None:
    reasons = automation_reasons(
        freight({"uat": None}),
        stage="prod",
        requests=[FROM_UAT],
        upstream={},
        automation=Automation(facts, {str(MAIN): HOLD}, newest),
        now=NOW,
    )

    assert [it.code for it in reasons] == expected


def test_what_left_the_stage_that_is_followed_is_not_taken_by_itself() -> None:
    follows = RequestedFreight(
        MAIN, stages=("uat",), selection_policy=SelectionPolicy.MATCH_UPSTREAM
    )
    reasons = automation_reasons(
        freight({"uat": None}),
        stage="prod",
        requests=[follows],
        upstream={},
        automation=Automation(StageFacts(is_enabled=True), {}, "g"),
        now=NOW,
    )

    assert [it.message for it in reasons] == ["not in uat now, which prod follows"]


_STAGES = ("a", "b", "c")
_soaks = some.dictionaries(
    some.sampled_from(_STAGES), some.none() | some.timedeltas(timedelta(0), 3 * HOUR)
)
_times = some.dictionaries(
    some.sampled_from(_STAGES),
    some.none() | some.integers(-200, 200).map(lambda it: NOW + timedelta(minutes=it)),
)
_requests = some.lists(
    some.builds(
        RequestedFreight,
        origin=some.sampled_from([MAIN, FreightOrigin("other")]),
        direct=some.booleans(),
        stages=some.lists(some.sampled_from(_STAGES), unique=True).map(tuple),
        required_soak=some.none() | some.timedeltas(timedelta(0), 2 * HOUR),
        strategy=some.sampled_from(Strategy),
    ),
    max_size=3,
)
_freight = some.builds(
    freight, _soaks, _times, some.frozensets(some.sampled_from(["prod", "other"]))
)


@given(item=_freight, requests=_requests)
def test_there_is_an_obstacle_exactly_where_freight_is_not_available(
    item: FreightStanding, requests: list[RequestedFreight]
) -> None:
    answer = availability(item, stage="prod", requests=requests, now=NOW)
    found = obstacles(item, stage="prod", requests=requests, now=NOW)

    assert bool(found) is not answer.is_available
    assert not found or found[0].barrier is answer.barrier
    assert all(code for code in codes(item, *requests))


@given(item=_freight, requests=_requests, later=some.timedeltas(timedelta(0), 5 * HOUR))
def test_soaking_never_takes_back_what_it_has_let_through(
    item: FreightStanding, requests: list[RequestedFreight], later: timedelta
) -> None:
    before = availability(item, stage="prod", requests=requests, now=NOW)
    after = availability(item, stage="prod", requests=requests, now=NOW + later)

    assert after.is_available or not before.is_available
