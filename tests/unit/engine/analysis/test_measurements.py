"""What a measurement adds to the counters of its metric."""

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from promotions.engine.analysis.measurements import Measurement, MetricResult, recorded
from tests.unit.engine.analysis.examples import NOW, PHASES, Counters, ago, in_flight, result

BUSY = result(count=7, successful=3, failed=2, inconclusive=2, error=4, consecutive_error=2)


def record(letter: str, before: MetricResult = BUSY) -> MetricResult:
    return recorded(before, Measurement(PHASES[letter]), resumed=False, now=NOW)


@pytest.mark.parametrize(
    ("letter", "changes"),
    [
        ("S", {"count": 8, "successful": 4, "consecutive_success": 1, "consecutive_error": 0}),
        ("F", {"count": 8, "failed": 3, "consecutive_error": 0}),
        ("I", {"count": 8, "inconclusive": 3, "consecutive_error": 0}),
        ("E", {"error": 5, "consecutive_error": 3}),
        ("R", {}),
        ("P", {}),
        ("-", {}),
    ],
)
def test_each_outcome_has_its_counter_and_errors_are_not_counted(
    letter: str, changes: Counters
) -> None:
    after = record(letter)

    assert replace(after, measurements=()) == replace(BUSY, **changes)


@pytest.mark.parametrize("letter", "FIE")
def test_anything_but_a_success_breaks_the_row_of_successes(letter: str) -> None:
    row = record("S", record("S"))

    assert row.consecutive_success == 2
    assert record(letter, row).consecutive_success == 0


def test_a_completed_measurement_is_finished_now_unless_its_provider_says_when() -> None:
    stamped = recorded(BUSY, Measurement(PHASES["S"]), resumed=False, now=NOW)
    given_time = Measurement(PHASES["S"], finished_at=ago(5))

    assert stamped.measurements[-1].finished_at == NOW
    assert recorded(BUSY, given_time, resumed=False, now=NOW).measurements == (given_time,)


def test_one_in_flight_is_not_finished() -> None:
    assert record("R").measurements[-1].finished_at is None


def test_a_resumed_measurement_takes_the_place_of_the_last() -> None:
    before = result("m", "R", Measurement(PHASES["S"]), in_flight())
    done = Measurement(PHASES["F"], finished_at=NOW)

    after = recorded(before, done, resumed=True, now=NOW)

    assert [it.phase for it in after.measurements] == [PHASES["S"], PHASES["F"]]
    assert after.failed == 1


@given(st.text(alphabet="SFIER", max_size=40))
def test_counters_always_add_up(letters: str) -> None:
    after = MetricResult("m")
    for letter in letters:
        after = record(letter, after)

    assert after.count == after.successful + after.failed + after.inconclusive
    assert after.error == letters.count("E")
    assert len(after.measurements) == len(letters)
    assert after.consecutive_error == 0 or after.consecutive_success == 0
