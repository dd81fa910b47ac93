"""Metrics are measured when they are due, and not before."""

from dataclasses import replace
from typing import Unpack

import pytest

from promotions.engine.analysis.measurements import Measurement, MetricResult
from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.phases import AnalysisPhase
from promotions.engine.analysis.runs import RunSpec, RunStatus
from promotions.engine.analysis.tasks import Task, TaskKind, due_tasks
from tests.unit.engine.analysis.examples import (
    NOW,
    Counters,
    ago,
    finished,
    in_flight,
    metric,
    result,
)

DELAYED = replace(metric(), initial_delay="20s")


def due(
    it: Metric,
    *results: MetricResult,
    terminate: bool = False,
    started_seconds_ago: float | None = None,
) -> list[TaskKind]:
    started_at = None if started_seconds_ago is None else ago(started_seconds_ago)
    status = RunStatus(AnalysisPhase.RUNNING, started_at=started_at, results=results)
    tasks = due_tasks(RunSpec((it,), terminate=terminate), (it,), status, now=NOW)
    return [task.kind for task in tasks]


def measured(measurement: Measurement, **counters: Unpack[Counters]) -> MetricResult:
    return result("m", "R", measurement, **counters)


def test_a_metric_never_measured_is_measured_at_once() -> None:
    assert due(metric()) == [TaskKind.MEASURE]
    assert due(metric(), result("m", "P")) == [TaskKind.MEASURE]


@pytest.mark.parametrize(
    ("seconds", "is_due"), [(None, False), (0, False), (19.9, False), (20, True), (21, True)]
)
def test_an_initial_delay_runs_from_the_runs_start(seconds: float | None, *, is_due: bool) -> None:
    assert bool(due(DELAYED, started_seconds_ago=seconds)) is is_due


def test_a_delay_that_is_no_duration_never_passes() -> None:
    assert due(replace(DELAYED, initial_delay="soon"), started_seconds_ago=999) == []


@pytest.mark.parametrize(
    ("interval", "letter", "seconds", "is_due"),
    [
        ("60s", "S", 60, False),
        ("60s", "S", 60.1, True),
        ("60s", "F", 59, False),
        ("5m", "E", 10, False),
        ("5m", "E", 10.1, True),
        ("1s", "E", 5, False),
        ("soon", "E", 11, True),
        ("soon", "S", 10**6, False),
        ("-5s", "S", 0, True),
        ("0", "S", 0, False),
        ("0", "S", 0.1, True),
    ],
)
def test_the_next_measurement_is_due_after_its_time(
    interval: str, letter: str, seconds: float, *, is_due: bool
) -> None:
    last = finished(letter, seconds_ago=seconds)

    assert bool(due(metric(interval=interval), measured(last))) is is_due


def test_without_an_interval_a_wanted_measurement_comes_after_ten_seconds() -> None:
    assert due(metric(count=2), measured(finished("S", seconds_ago=10), count=1)) == []
    assert due(metric(count=2), measured(finished("S", seconds_ago=11), count=1)) != []


@pytest.mark.parametrize("count", [1, "+1", None])
def test_nothing_follows_when_the_count_is_reached(count: int | str | None) -> None:
    assert due(metric(count=count), measured(finished("S", seconds_ago=999), count=1)) == []


@pytest.mark.parametrize("letter", "SFEI")
def test_a_completed_metric_is_left_alone(letter: str) -> None:
    assert due(metric(interval="1s"), result("m", letter, in_flight(), dry_run=True)) == []


@pytest.mark.parametrize(
    ("resume_in", "is_due"), [(None, True), (10, False), (0, True), (-10, True)]
)
def test_one_in_flight_is_resumed_when_it_asks_to_be(
    resume_in: float | None, *, is_due: bool
) -> None:
    assert bool(due(metric(), measured(in_flight(resume_in=resume_in)))) is is_due


def test_a_task_carries_what_is_in_flight() -> None:
    last = in_flight()
    status = RunStatus(results=(measured(last),))

    tasks = due_tasks(RunSpec((metric(),)), (metric(),), status, now=NOW)

    assert tasks == [Task(metric(), TaskKind.RESUME, last)]


@pytest.mark.parametrize("resume_in", [None, 10])
def test_an_ending_run_stops_what_is_in_flight_without_waiting(resume_in: float | None) -> None:
    flying = measured(in_flight(resume_in=resume_in))

    assert due(metric(), flying, terminate=True) == [TaskKind.TERMINATE]
    assert due(metric(), flying, result("bad", "F")) == [TaskKind.TERMINATE]
    assert due(metric(), flying, result("bad", "F", dry_run=True)) != [TaskKind.TERMINATE]


def test_an_ending_run_begins_nothing() -> None:
    overdue = measured(finished("S", seconds_ago=999))

    assert due(metric(), terminate=True) == []
    assert due(metric(interval="1s"), overdue, result("bad", "I")) == []


def test_tasks_come_in_the_order_of_the_metrics_and_unresolved() -> None:
    given = (metric("b-{{args.x}}"), metric("a"))
    resolved = (metric("b-1"), metric("a"))

    tasks = due_tasks(RunSpec(given), resolved, RunStatus(), now=NOW)

    assert [task.metric.name for task in tasks] == ["b-{{args.x}}", "a"]
