"""A run is looked at again when the first of its metrics wants something."""

from dataclasses import replace
from datetime import timedelta

import pytest

from promotions.engine.analysis.measurements import Measurement, MetricResult
from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.runs import RunStatus
from promotions.engine.analysis.scheduling import next_time
from tests.unit.engine.analysis.examples import (
    NOW,
    ago,
    finished,
    in_flight,
    metric,
    result,
)


def seconds_until(
    *metrics: Metric, results: tuple[MetricResult, ...] = (), started: float | None = None
) -> float | None:
    started_at = None if started is None else ago(started)
    time = next_time(metrics, RunStatus(started_at=started_at, results=results), now=NOW)
    return None if time is None else (time - NOW) / timedelta(seconds=1)


MINUTELY = metric(interval="60s")


@pytest.mark.parametrize(
    ("it", "last", "seconds"),
    [
        (MINUTELY, finished("S"), 60),
        (MINUTELY, finished("S", seconds_ago=90), -30),
        (MINUTELY, finished("E"), 10),
        (metric(), finished("E"), 10),
        (metric(interval="5m"), finished("E", seconds_ago=4), 6),
        (metric(), finished("S"), None),
        (metric(interval="soon"), finished("S"), None),
        (metric(interval="soon"), finished("E"), 10),
        (MINUTELY, in_flight(resume_in=7), 7),
        (MINUTELY, in_flight(), None),
    ],
)
def test_the_last_measurement_says_when(
    it: Metric, last: Measurement, seconds: float | None
) -> None:
    measured = replace(result("m", "R"), measurements=(last,))

    assert seconds_until(it, results=(measured,)) == seconds


def test_a_reached_count_wants_nothing_more() -> None:
    done = result("m", "R", finished("S"), count=1)

    assert seconds_until(metric(interval="10s", count="1"), results=(done,)) is None


@pytest.mark.parametrize("letter", "SFEI")
def test_a_completed_metric_wants_nothing(letter: str) -> None:
    assert seconds_until(MINUTELY, results=(result("m", letter, finished("E")),)) is None


@pytest.mark.parametrize(
    ("delay", "started", "seconds"),
    [("40s", 30, 10), ("40s", None, 40), ("40s", 50, -10), ("soon", 0, None), ("", 0, None)],
)
def test_a_first_measurement_comes_after_its_delay(
    delay: str, started: float | None, seconds: float | None
) -> None:
    assert seconds_until(replace(metric(), initial_delay=delay), started=started) == seconds


def test_the_earliest_counts() -> None:
    late = result("m", "R", finished("S"))
    early = result("n", "R", in_flight(resume_in=3))

    assert seconds_until(MINUTELY, metric("n"), results=(late, early)) == 3


def test_the_end_of_time_is_not_passed() -> None:
    forever = metric(interval="2562047h")
    far = replace(finished("S"), finished_at=NOW.replace(year=9999))

    assert next_time([forever], RunStatus(results=(result("m", "R", far),)), now=NOW) is not None
