from dataclasses import replace
from datetime import UTC, datetime, timedelta

from promotions.engine.conditions import (
    MESSAGE_LIMIT_BYTES,
    Condition,
    ConditionStatus,
    find_condition,
    set_condition,
    truncated,
    without_condition,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
READY = Condition("Ready", ConditionStatus.TRUE, "Fine", "all good", observed_generation=2)


def test_a_new_condition_is_added_with_the_time() -> None:
    assert set_condition((), READY, now=NOW) == (replace(READY, last_transition_at=NOW),)


def test_an_identical_condition_changes_nothing() -> None:
    before = set_condition((), READY, now=NOW)

    assert set_condition(before, READY, now=LATER) == before
    assert set_condition(before, replace(READY, observed_generation=1), now=LATER) == before


def test_a_newer_generation_is_noted_without_a_transition() -> None:
    before = set_condition((), READY, now=NOW)

    [after] = set_condition(before, replace(READY, observed_generation=3), now=LATER)

    assert (after.observed_generation, after.last_transition_at) == (3, NOW)


def test_a_change_of_status_reason_or_message_is_a_transition() -> None:
    before = set_condition((), READY, now=NOW)

    for changed in (
        replace(READY, status=ConditionStatus.FALSE),
        replace(READY, reason="Other"),
        replace(READY, message="other"),
    ):
        [after] = set_condition(before, changed, now=LATER)
        assert after == replace(changed, last_transition_at=LATER)


def test_a_time_that_is_given_wins() -> None:
    before = set_condition((), READY, now=NOW)

    [same] = set_condition(before, replace(READY, last_transition_at=LATER), now=NOW)
    [new] = set_condition((), replace(READY, last_transition_at=LATER), now=NOW)

    assert same.last_transition_at == new.last_transition_at == LATER


def test_others_keep_their_place() -> None:
    other = Condition("Healthy", ConditionStatus.TRUE, "Healthy", last_transition_at=NOW)
    before = set_condition((other,), READY, now=NOW)

    after = set_condition(before, replace(other, reason="Still"), now=LATER)

    assert [it.type for it in after] == ["Healthy", "Ready"]
    assert find_condition(after, "Ready") == before[1]
    assert find_condition(after, "Verified") is None
    assert without_condition(after, "Healthy") == before[1:]


def test_a_long_message_is_cut_between_characters() -> None:
    [after] = set_condition((), replace(READY, message="é" * MESSAGE_LIMIT_BYTES), now=NOW)

    assert len(after.message.encode()) <= MESSAGE_LIMIT_BYTES
    assert after.message.endswith("é ... (truncated)")
    assert truncated("x" * 20, limit_bytes=20) == "x" * 20
    assert truncated("x" * 21, limit_bytes=20) == "xxxx ... (truncated)"
