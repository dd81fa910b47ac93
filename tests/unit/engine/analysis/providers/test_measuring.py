"""What becomes of a measurement when a provider has answered."""

from datetime import timedelta

import pytest

from promotions.engine.analysis.measurements import Measurement
from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.phases import AnalysisPhase
from promotions.engine.analysis.providers.errors import ConfigurationError, ResponseError
from promotions.engine.analysis.providers.measuring import failed, measured, progressed
from promotions.engine.analysis.providers.results import (
    ANYTHING,
    FLOAT,
    FLOATS,
    NO_FLOAT,
    OBJECTS,
    Progress,
    Result,
)
from tests.unit.engine.analysis.providers.asking import NOW

BEGUN = Measurement(started_at=NOW - timedelta(seconds=1))


@pytest.mark.parametrize(
    ("condition", "result", "phase"),
    [
        ("result < 1", Result(0.5, FLOAT, "0.5"), AnalysisPhase.SUCCESSFUL),
        ("result < 1", Result(1.5, FLOAT, "1.5"), AnalysisPhase.FAILED),
        ("all(result, # > 1)", Result([2.0, 3.0], FLOATS, "[2,3]"), AnalysisPhase.SUCCESSFUL),
        ("default(result, 0) < 1", Result(None, NO_FLOAT, "[]"), AnalysisPhase.SUCCESSFUL),
        ("result.a.b == 1", Result({"a": {"b": 1.0}}, ANYTHING, "{}"), AnalysisPhase.SUCCESSFUL),
        ("result[1].n == 2", Result([{}, {"n": 2.0}], OBJECTS, "[]"), AnalysisPhase.SUCCESSFUL),
        ("", Result(0.5, FLOAT, "0.5"), AnalysisPhase.SUCCESSFUL),
    ],
)
def test_the_conditions_of_the_metric_decide(
    condition: str, result: Result, phase: AnalysisPhase
) -> None:
    measurement = measured(Metric(success_condition=condition), result, begun=BEGUN, now=NOW)

    assert (measurement.phase, measurement.value) == (phase, result.text)
    assert (measurement.started_at, measurement.finished_at) == (BEGUN.started_at, NOW)


def test_the_value_is_lost_with_an_error_unless_the_provider_keeps_it() -> None:
    metric = Metric(success_condition="result.x")

    lost = measured(metric, Result(1.0, FLOAT, "1"), begun=BEGUN, now=NOW)
    kept = measured(metric, Result(1.0, FLOAT, "1", outlives_errors=True), begun=BEGUN, now=NOW)

    assert (lost.phase, lost.value) == (AnalysisPhase.ERROR, "")
    assert (kept.phase, kept.value) == (AnalysisPhase.ERROR, "1")
    assert lost.message.startswith('could not evaluate successCondition "result.x": ')


def test_what_a_provider_keeps_with_its_error_is_kept() -> None:
    error = ResponseError("no data", metadata={"warnings": "slow"})

    measurement = failed(BEGUN, error, now=NOW)

    assert (measurement.phase, measurement.message) == (AnalysisPhase.ERROR, "no data")
    assert measurement.metadata == {"warnings": "slow"}
    assert measurement.finished_at == NOW
    assert failed(BEGUN, ConfigurationError("no address"), now=NOW).metadata == {}


def test_work_in_progress_is_not_finished() -> None:
    later = NOW + timedelta(seconds=15)
    running = Progress(AnalysisPhase.RUNNING, metadata={"id": "1"}, resume_at=later)

    measurement = progressed(BEGUN, running, now=NOW)
    done = progressed(measurement, Progress(AnalysisPhase.FAILED, text="60"), now=later)

    assert (measurement.finished_at, measurement.resume_at) == (None, later)
    assert measurement.metadata == {"id": "1"}
    assert (done.phase, done.value, done.finished_at) == (AnalysisPhase.FAILED, "60", later)
