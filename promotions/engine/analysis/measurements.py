"""What measuring a metric gave, and what is counted over all its measurements.

Source: Argo Rollouts ``v1alpha1.Measurement``, ``MetricResult`` and runMeasurements.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from common.errors import FieldProblem, InvalidError
from common.jsontypes import JSONValue
from promotions.engine.analysis.phases import AnalysisPhase
from promotions.engine.analysis.wire import Reader, moment_text, without_empty


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measurement; it is in flight until it has ``finished_at``.

    Attributes:
        resume_at: When to look again at one that is in flight.
        value: What was measured, as people read it.
        metadata: What the provider needs to find its work again, or wants to tell.
    """

    phase: AnalysisPhase = AnalysisPhase.UNSET
    message: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    resume_at: datetime | None = None
    value: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MetricResult:
    """What is known of one metric of a run.

    Attributes:
        measurements: The latest ones, oldest first; older ones are only counted.
        count: Measurements that were not in error.
        consecutive_error: Errors since the last measurement that was none.
        metadata: What the provider tells of the metric, such as the resolved query.
    """

    name: str
    phase: AnalysisPhase = AnalysisPhase.UNSET
    message: str = ""
    measurements: tuple[Measurement, ...] = ()
    count: int = 0
    successful: int = 0
    failed: int = 0
    inconclusive: int = 0
    error: int = 0
    consecutive_error: int = 0
    consecutive_success: int = 0
    dry_run: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def last(self) -> Measurement | None:
        """The latest measurement, if there is any."""
        return self.measurements[-1] if self.measurements else None


def recorded(
    result: MetricResult, measurement: Measurement, *, resumed: bool, now: datetime
) -> MetricResult:
    """Return the result with the measurement added, or with its last one replaced.

    A completed measurement is counted, and finished now if its provider did not say when.
    """
    if measurement.phase.is_completed:
        measurement = replace(measurement, finished_at=measurement.finished_at or now)
        result = _counted(result, measurement.phase)
    kept = result.measurements[:-1] if resumed else result.measurements
    return replace(result, measurements=(*kept, measurement))


def _counted(result: MetricResult, phase: AnalysisPhase) -> MetricResult:
    if phase is AnalysisPhase.ERROR:
        return replace(
            result,
            error=result.error + 1,
            consecutive_error=result.consecutive_error + 1,
            consecutive_success=0,
        )
    succeeded = phase is AnalysisPhase.SUCCESSFUL
    return replace(
        result,
        count=result.count + 1,
        successful=result.successful + int(succeeded),
        failed=result.failed + int(phase is AnalysisPhase.FAILED),
        inconclusive=result.inconclusive + int(phase is AnalysisPhase.INCONCLUSIVE),
        consecutive_error=0,
        consecutive_success=result.consecutive_success + 1 if succeeded else 0,
    )


def read_measurement(reader: Reader) -> Measurement:
    """Return the measurement that a status states.

    Raises:
        InvalidError: A field is of the wrong type.
    """
    return Measurement(
        phase=read_phase(reader),
        message=reader.text("message"),
        started_at=reader.moment("startedAt"),
        finished_at=reader.moment("finishedAt"),
        resume_at=reader.moment("resumeAt"),
        value=reader.text("value"),
        metadata=reader.texts("metadata"),
    )


def write_measurement(measurement: Measurement) -> dict[str, JSONValue]:
    """Return the measurement as a status states it; times are in whole seconds."""
    return {
        "phase": measurement.phase,
        **without_empty(
            {
                "message": measurement.message,
                "startedAt": optional_moment(measurement.started_at),
                "finishedAt": optional_moment(measurement.finished_at),
                "value": measurement.value,
                "metadata": dict(measurement.metadata),
                "resumeAt": optional_moment(measurement.resume_at),
            }
        ),
    }


def read_result(reader: Reader) -> MetricResult:
    """Return the metric result that a status states.

    Raises:
        InvalidError: A field is of the wrong type.
    """
    return MetricResult(
        name=reader.text("name"),
        phase=read_phase(reader),
        message=reader.text("message"),
        measurements=tuple(map(read_measurement, reader.objects("measurements"))),
        count=reader.integer("count") or 0,
        successful=reader.integer("successful") or 0,
        failed=reader.integer("failed") or 0,
        inconclusive=reader.integer("inconclusive") or 0,
        error=reader.integer("error") or 0,
        consecutive_error=reader.integer("consecutiveError") or 0,
        consecutive_success=reader.integer("consecutiveSuccess") or 0,
        dry_run=reader.flag("dryRun"),
        metadata=reader.texts("metadata"),
    )


def write_result(result: MetricResult) -> dict[str, JSONValue]:
    """Return the metric result as a status states it."""
    return {
        "name": result.name,
        "phase": result.phase,
        **without_empty(
            {
                "measurements": [write_measurement(it) for it in result.measurements],
                "message": result.message,
                "count": result.count,
                "successful": result.successful,
                "failed": result.failed,
                "inconclusive": result.inconclusive,
                "error": result.error,
                "consecutiveError": result.consecutive_error,
                "consecutiveSuccess": result.consecutive_success,
                "dryRun": result.dry_run,
                "metadata": dict(result.metadata),
            }
        ),
    }


def read_phase(reader: Reader) -> AnalysisPhase:
    """Return the phase in a document's ``phase``.

    Raises:
        InvalidError: It is none that Argo has.
    """
    text = reader.text("phase")
    try:
        return AnalysisPhase(text)
    except ValueError as error:
        problem = FieldProblem(reader.at("phase"), f"{text!r} is no phase of an analysis")
        raise InvalidError(str(problem), problems=(problem,)) from error


def optional_moment(moment: datetime | None) -> str:
    """Return the time as a status states it, empty if there is none."""
    return "" if moment is None else moment_text(moment)
