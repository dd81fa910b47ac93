"""A metric's phase follows from its counters, its limits, and whether the run is ending."""

import itertools

import pytest
from hypothesis import given, strategies as st

from promotions.engine.analysis.assessment import (
    Violation,
    assess_metric,
    is_count_reached,
    violation_of,
)
from promotions.engine.analysis.int_or_string import IntOrString
from promotions.engine.analysis.measurements import MetricResult, recorded
from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.phases import AnalysisPhase
from tests.unit.engine.analysis.examples import (
    NOW,
    PHASES,
    Counters,
    finished,
    in_flight,
    metric,
    result,
)

ENDLESS = "1m"


def sequence(it: Metric, letters: str) -> str:
    so_far, phases = MetricResult("m"), ""
    for letter in letters:
        so_far = recorded(so_far, finished(letter), resumed=False, now=NOW)
        phase = assess_metric(it, so_far, terminating=False)
        phases += next(key for key, value in PHASES.items() if value is phase)
    return phases


@pytest.mark.parametrize(
    ("it", "letters", "phases"),
    [
        (metric(), "S", "S"),
        (metric(), "F", "F"),
        (metric(), "I", "I"),
        (metric(), "EEEEE", "RRRRE"),
        (metric(errors=0), "E", "E"),
        (metric(interval=ENDLESS, errors="2"), "EESEEE", "RRRRRE"),
        (metric(count=0), "S", "S"),
        (metric(count="nonsense"), "S", "S"),
        (metric(interval=ENDLESS, count="nonsense"), "SSS", "RRR"),
        (metric(interval=ENDLESS, count=-1), "S", "S"),
        (metric(interval=ENDLESS), "SSSF", "RRRF"),
        (metric(interval=ENDLESS, failures="1"), "FSF", "RRF"),
        (metric(interval=ENDLESS, failures=-1), "FFFF", "RRRR"),
        (metric(interval=ENDLESS, inconclusive=1), "ISI", "RRI"),
        (metric(interval=ENDLESS, count="3"), "SES", "RRR"),
        (metric(interval=ENDLESS, count="3"), "SESS", "RRRS"),
        (metric(interval=ENDLESS, count=4, failures=2), "FFSS", "RRRS"),
        (metric(interval=ENDLESS, successes=2, failures=-1), "SFSS", "RRRS"),
        (metric(interval=ENDLESS, successes="2", failures=-1), "SESS", "RRRS"),
        (metric(interval=ENDLESS, count=3, successes=2, failures=-1), "SFS", "RRF"),
        (metric(interval=ENDLESS, count=3, successes=2, failures=1), "SFS", "RRI"),
        (metric(interval=ENDLESS, count=3, successes=2), "SIS", "RII"),
        (metric(interval=ENDLESS, count=3, successes=0, failures=-1), "FFF", "RRS"),
    ],
)
def test_measurements_lead_to_phases(it: Metric, letters: str, phases: str) -> None:
    assert sequence(it, letters) == phases


@pytest.mark.parametrize("terminating", [True, False])
@pytest.mark.parametrize("letter", "SFEI")
def test_a_final_phase_stays_whatever_the_counters_say(letter: str, *, terminating: bool) -> None:
    counted = result("m", letter, in_flight(), failed=9, consecutive_error=9)

    assert assess_metric(metric(), counted, terminating=terminating) is PHASES[letter]


def test_a_metric_never_measured_waits_or_ends_well() -> None:
    assert assess_metric(metric(), result(), terminating=False) is AnalysisPhase.PENDING
    assert assess_metric(metric(), result(), terminating=True) is AnalysisPhase.SUCCESSFUL


@pytest.mark.parametrize("terminating", [True, False])
def test_one_in_flight_runs_even_while_the_run_is_ending(*, terminating: bool) -> None:
    counted = result("m", "R", in_flight(), failed=9)

    assert assess_metric(metric(), counted, terminating=terminating) is AnalysisPhase.RUNNING


def test_an_ending_run_ends_a_metric_that_kept_its_limits() -> None:
    going_on = metric(interval=ENDLESS, failures=1)
    counted = result("m", "R", finished("F"), failed=1, count=1)

    assert assess_metric(going_on, counted, terminating=False) is AnalysisPhase.RUNNING
    assert assess_metric(going_on, counted, terminating=True) is AnalysisPhase.SUCCESSFUL


def test_an_error_outranks_an_inconclusive_one_and_that_a_failure() -> None:
    all_three = result("m", "R", finished("E"), failed=1, inconclusive=1, consecutive_error=5)
    two = result("m", "R", finished("I"), failed=1, inconclusive=1)

    assert violation_of(metric(), all_three) == Violation(
        AnalysisPhase.ERROR, "consecutiveErrors (5) > consecutiveErrorLimit (4)"
    )
    assert violation_of(metric(), two) == Violation(
        AnalysisPhase.INCONCLUSIVE, "inconclusive (1) > inconclusiveLimit (0)"
    )


@pytest.mark.parametrize(
    ("limit", "failed", "text"),
    [
        (None, 1, "failed (1) > failureLimit (0)"),
        ("2", 3, "failed (3) > failureLimit (2)"),
        (2, 2, ""),
        (-1, 99, ""),
        (-2, 99, ""),
        ("many", 1, "failed (1) > failureLimit (0)"),
    ],
)
def test_a_failure_limit_below_zero_is_no_limit(
    limit: IntOrString | None, failed: int, text: str
) -> None:
    assert violation_of(metric(failures=limit), result(failed=failed)).message == text


@pytest.mark.parametrize(
    ("it", "count", "reached"),
    [
        (metric(), 0, False),
        (metric(), 1, True),
        (metric(count=2), 1, False),
        (metric(count="2"), 2, True),
        (metric(interval=ENDLESS), 10**6, False),
        (metric(interval=ENDLESS, count=-3), 0, True),
    ],
)
def test_without_an_interval_one_measurement_is_enough(
    it: Metric, count: int, *, reached: bool
) -> None:
    assert is_count_reached(it, result(count=count)) is reached


LIMITS = st.one_of(st.none(), st.integers(-2, 4), st.integers(-2, 4).map(str), st.text(max_size=3))
COUNTERS = st.fixed_dictionaries(
    {
        name: st.integers(0, 8)
        for name in (
            *("count", "successful", "failed", "inconclusive", "error"),
            *("consecutive_error", "consecutive_success"),
        )
    }
)
METRICS = st.builds(
    metric,
    count=LIMITS,
    interval=st.sampled_from(["", "1m"]),
    failures=LIMITS,
    inconclusive=LIMITS,
    errors=LIMITS,
    successes=LIMITS,
)


@given(METRICS, COUNTERS, st.sampled_from("SFEI"), st.booleans())
def test_any_counters_lead_to_a_phase_that_then_stays(
    it: Metric,
    counters: Counters,
    letter: str,
    terminating: bool,  # noqa: FBT001  drawn
) -> None:
    before = result("m", "R", finished(letter), **counters)

    phase = assess_metric(it, before, terminating=terminating)
    violation = violation_of(it, before)

    assert phase is AnalysisPhase.RUNNING or phase.is_completed
    assert not terminating or phase.is_completed
    assert bool(violation.phase) is bool(violation.message)
    assert not violation.phase or phase is violation.phase
    if phase.is_completed:
        after = MetricResult("m", phase, measurements=before.measurements)
        assert assess_metric(it, after, terminating=not terminating) is phase


@pytest.mark.parametrize(
    ("failures", "successes", "reached", "terminating"),
    list(itertools.product([None, -1, 0, 2], [None, 0, 3], [True, False], [True, False])),
)
def test_a_reached_count_decides_by_which_limits_are_in_force(
    failures: int | None, successes: int | None, *, reached: bool, terminating: bool
) -> None:
    it = metric(interval=ENDLESS, count=5, failures=failures, successes=successes)
    counted = result("m", "R", finished("S"), count=5 if reached else 4, consecutive_success=2)

    phase = assess_metric(it, counted, terminating=terminating)

    if not reached:
        assert phase is (AnalysisPhase.SUCCESSFUL if terminating else AnalysisPhase.RUNNING)
    elif not successes:
        assert phase is AnalysisPhase.SUCCESSFUL
    else:
        missed = AnalysisPhase.FAILED if failures == -1 else AnalysisPhase.INCONCLUSIVE
        assert phase is missed
