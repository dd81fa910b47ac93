"""A run's phase and message are those of its worst metric."""

from dataclasses import replace

import pytest

from promotions.engine.analysis.events import Event, EventType
from promotions.engine.analysis.measurements import MetricResult
from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.phases import AnalysisPhase
from promotions.engine.analysis.run_assessment import RunAssessment, assess_run
from promotions.engine.analysis.runs import RunSpec, RunStatus, RunSummary
from tests.unit.engine.analysis.examples import (
    NOW,
    ago,
    finished,
    in_flight,
    metric,
    result,
)

GOOD = result("good", "R", finished("S"), count=1, successful=1)
BAD = result("bad", "R", finished("F", message="too slow"), count=1, failed=1)
UNSURE = result("unsure", "R", finished("I"), count=1, inconclusive=1)
BROKEN = result("broken", "R", finished("E"), error=5, consecutive_error=5)
BUSY = result("busy", "R", in_flight())


def assess(
    *results: MetricResult,
    metrics: tuple[Metric, ...] = (),
    terminate: bool = False,
    dry_run: tuple[str, ...] = (),
) -> RunAssessment:
    known = metrics or tuple(metric(it.name) for it in results)
    marked = tuple(replace(it, dry_run=it.name in dry_run) for it in results)
    return assess_run(
        RunSpec(known, terminate=terminate),
        known,
        RunStatus(results=marked),
        dry_run=frozenset(dry_run),
        now=NOW,
    )


def test_all_metrics_successful_make_the_run_successful() -> None:
    run = assess(GOOD, replace(GOOD, name="fine"))

    assert (run.phase, run.message) == (AnalysisPhase.SUCCESSFUL, "")
    assert run.status.run_summary == RunSummary(count=2, successful=2)
    assert run.status.dry_run_summary == RunSummary()


def test_a_metric_that_is_not_done_keeps_the_run_going_without_a_message() -> None:
    run = assess(BUSY, BAD)

    assert (run.phase, run.message) == (AnalysisPhase.RUNNING, "")
    assert run.status.by_name()["bad"].phase is AnalysisPhase.FAILED


def test_a_metric_that_has_not_begun_keeps_the_run_going() -> None:
    run = assess(GOOD, metrics=(metric("good"), metric("later")))

    assert run.phase is AnalysisPhase.RUNNING
    assert run.status.run_summary == RunSummary(count=2, successful=1)


@pytest.mark.parametrize("results", [(BAD, UNSURE, BROKEN), (BROKEN, BAD, UNSURE)])
def test_the_worst_metric_gives_phase_and_message(results: tuple[MetricResult, ...]) -> None:
    run = assess(*results)

    assert run.phase is AnalysisPhase.FAILED
    assert run.message == (
        'Metric "bad" assessed Failed due to failed (1) > failureLimit (0)'
        ': "Error Message: too slow"'
    )
    assert run.status.run_summary == RunSummary(3, failed=1, inconclusive=1, error=1)


def test_between_metrics_that_are_alike_the_first_is_named() -> None:
    run = assess(BAD, replace(BAD, name="worse"))

    assert run.message.startswith('Metric "bad" assessed Failed')


def test_a_worse_metric_without_a_reason_leaves_the_message_of_the_one_before() -> None:
    silent = result("silent", "F", finished("S"))

    run = assess(UNSURE, silent)

    assert run.phase is AnalysisPhase.FAILED
    assert run.message.startswith('Metric "unsure" assessed Inconclusive')


def test_a_metric_that_missed_its_successes_fails_silently_and_is_summed_up_as_successful() -> None:
    wanted = metric("m", interval="1s", count=2, failures=-1, successes=2)
    missed = result("m", "R", finished("F"), count=2, failed=1, successful=1)

    run = assess(missed, metrics=(wanted,))

    assert (run.phase, run.message) == (AnalysisPhase.FAILED, "")
    assert run.status.run_summary == RunSummary(1, successful=1)


def test_a_dry_run_never_worsens_the_run_but_says_what_it_would_have_done() -> None:
    run = assess(GOOD, BAD, dry_run=("bad",))

    assert (run.phase, run.message) == (AnalysisPhase.SUCCESSFUL, "")
    assert run.status.by_name()["bad"].message == (
        "Metric assessed Failed due to failed (1) > failureLimit (0)"
    )
    assert run.status.run_summary == RunSummary(1, successful=1)
    assert run.status.dry_run_summary == RunSummary(1, failed=1)


def test_nothing_but_dry_runs_is_a_success() -> None:
    run = assess(BAD, BROKEN, UNSURE, dry_run=("bad", "broken", "unsure"))

    assert (run.phase, run.message) == (AnalysisPhase.SUCCESSFUL, "")
    assert run.status.dry_run_summary == RunSummary(3, failed=1, inconclusive=1, error=1)


def test_a_dry_run_that_is_not_done_keeps_the_run_going() -> None:
    assert assess(GOOD, BUSY, dry_run=("busy",)).phase is AnalysisPhase.RUNNING


def test_a_run_stopped_before_it_began_is_successful() -> None:
    run = assess(metrics=(metric("a"), metric("b")), terminate=True)

    assert (run.phase, run.message) == (AnalysisPhase.SUCCESSFUL, "Run Terminated")


def test_a_stopped_run_says_what_failed_instead() -> None:
    run = assess(BAD, terminate=True)

    assert run.phase is AnalysisPhase.FAILED
    assert run.message.startswith('Metric "bad"')


def test_one_in_flight_does_not_hold_an_ending_run_open() -> None:
    failed = replace(BAD, phase=AnalysisPhase.FAILED)

    run = assess(BUSY, failed)

    assert run.phase is AnalysisPhase.FAILED
    assert run.status.by_name()["busy"].phase is AnalysisPhase.RUNNING


def test_a_dry_run_that_failed_does_not_end_the_others() -> None:
    failed = replace(BAD, phase=AnalysisPhase.FAILED)
    endless = result("endless", "R", finished("S"), count=1)

    run = assess(
        failed, endless, metrics=(metric("bad"), metric("endless", interval="1m")), dry_run=("bad",)
    )

    assert run.phase is AnalysisPhase.RUNNING


def test_a_changed_phase_brings_the_last_measurements_message() -> None:
    before = replace(GOOD, message="old")

    assert assess(before).status.by_name()["good"].message == ""
    assert (
        assess(replace(before, phase=AnalysisPhase.SUCCESSFUL)).status.results[0].message == "old"
    )


def test_the_run_starts_when_it_is_first_assessed() -> None:
    known = (metric("good"),)
    status = RunStatus(started_at=ago(60), results=(GOOD,))

    again = assess_run(RunSpec(known), known, status, dry_run=frozenset(), now=NOW)

    assert assess(GOOD).status.started_at == NOW
    assert again.status.started_at == ago(60)


def test_each_metric_that_ends_is_told_once() -> None:
    run = assess(GOOD, BAD, BUSY)

    assert run.events == (
        Event(EventType.NORMAL, "MetricSuccessful", "Metric 'good' Completed. Result: Successful"),
        Event(EventType.WARNING, "MetricFailed", "Metric 'bad' Completed. Result: Failed"),
    )
    assert assess(*run.status.results).events == ()


def test_results_keep_their_order_and_those_without_a_metric_stay() -> None:
    stray = result("stray", "R", in_flight())

    run = assess(BAD, stray, GOOD, metrics=(metric("good"), metric("bad")))

    assert [it.name for it in run.status.results] == ["bad", "stray", "good"]
    assert run.status.by_name()["stray"] == stray
    assert run.phase is AnalysisPhase.FAILED


def test_a_metric_is_completed_when_its_first_result_is() -> None:
    status = RunStatus(results=(result("a", "E"), result("b", "R"), result("b", "S")))

    assert status.is_metric_completed("a")
    assert not status.is_metric_completed("b")
    assert not status.is_metric_completed("c")
