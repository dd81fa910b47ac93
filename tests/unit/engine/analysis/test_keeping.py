"""What of a run is kept: the newest measurements, and runs until their time is over."""

from datetime import timedelta

import pytest

from promotions.engine.analysis.measurements import Measurement, MetricResult
from promotions.engine.analysis.phases import AnalysisPhase
from promotions.engine.analysis.retention import Collection, trim_measurements
from promotions.engine.analysis.rules import RetentionRule
from promotions.engine.analysis.runs import RunStatus, TtlStrategy
from promotions.engine.analysis.ttl import expires_at, is_expired
from tests.unit.engine.analysis.examples import NOW, ago, metric


def numbered(name: str, number: int) -> MetricResult:
    measurements = tuple(Measurement(value=str(index)) for index in range(number))
    return MetricResult(name, measurements=measurements, count=number)


def values(result: MetricResult) -> list[str]:
    return [measurement.value for measurement in result.measurements]


def test_the_ten_newest_measurements_stay_and_all_are_still_counted() -> None:
    trimmed = trim_measurements([numbered("m", 12)], [metric()], rules={})

    assert values(trimmed.results[0]) == [str(index) for index in range(2, 12)]
    assert trimmed.results[0].count == 12
    assert trimmed.collections == (Collection(metric(), 10),)


def test_up_to_ten_nothing_happens() -> None:
    trimmed = trim_measurements([numbered("m", 10)], [metric()], rules={})

    assert trimmed.results == (numbered("m", 10),)
    assert trimmed.collections == ()


@pytest.mark.parametrize(("limit", "kept"), [(1, 1), (15, 15), (20, 20), (0, 10), (-1, 10)])
def test_a_rule_says_how_many_unless_it_says_none(limit: int, kept: int) -> None:
    rules = {"m": RetentionRule("m", limit)}

    trimmed = trim_measurements([numbered("m", 20)], [metric()], rules=rules)

    assert len(trimmed.results[0].measurements) == kept


def test_a_result_without_a_metric_is_left_alone() -> None:
    trimmed = trim_measurements([numbered("stray", 20)], [metric()], rules={})

    assert trimmed.results == (numbered("stray", 20),)


ALL = TtlStrategy(seconds_after_completion=10, seconds_after_success=20, seconds_after_failure=30)


@pytest.mark.parametrize(
    ("phase", "strategy", "seconds"),
    [
        ("Successful", ALL, 20),
        ("Failed", ALL, 30),
        ("Error", ALL, 10),
        ("Inconclusive", ALL, 10),
        ("Successful", TtlStrategy(seconds_after_completion=10), 10),
        ("Failed", TtlStrategy(10, seconds_after_success=20), 10),
        ("Successful", TtlStrategy(seconds_after_success=0), 0),
        ("Error", TtlStrategy(seconds_after_success=1, seconds_after_failure=1), None),
        ("Failed", TtlStrategy(seconds_after_success=1), None),
        ("Running", ALL, None),
        ("", ALL, None),
        ("Successful", TtlStrategy(), None),
        ("Successful", None, None),
    ],
)
def test_a_run_lives_as_long_as_the_strategy_for_its_end_says(
    phase: str, strategy: TtlStrategy | None, seconds: int | None
) -> None:
    status = RunStatus(AnalysisPhase(phase), completed_at=NOW)

    time = expires_at(strategy, status)

    assert time == (None if seconds is None else NOW + timedelta(seconds=seconds + 1))


@pytest.mark.parametrize(("age", "expired"), [(9, False), (10.9, False), (11, True)])
def test_whole_seconds_beyond_the_time_count(age: float, *, expired: bool) -> None:
    status = RunStatus(AnalysisPhase.ERROR, completed_at=ago(age))

    assert is_expired(ALL, status, now=NOW) is expired


def test_neither_a_run_without_an_end_nor_one_being_deleted_expires() -> None:
    ended = RunStatus(AnalysisPhase.FAILED, completed_at=ago(999))

    assert not is_expired(ALL, RunStatus(AnalysisPhase.FAILED), now=NOW)
    assert not is_expired(ALL, ended, now=NOW, deleted_at=ago(1))
    assert is_expired(ALL, ended, now=NOW)


def test_a_huge_lifetime_is_no_trouble() -> None:
    status = RunStatus(AnalysisPhase.FAILED, completed_at=NOW.replace(year=9999))

    assert not is_expired(TtlStrategy(seconds_after_completion=2**31 - 1), status, now=NOW)
