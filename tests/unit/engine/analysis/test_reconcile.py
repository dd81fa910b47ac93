"""One pass over a run measures what is due and says how the run stands."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from promotions.engine.analysis.arguments import Argument, SecretKeyRef, ValueFrom
from promotions.engine.analysis.events import Event, EventType
from promotions.engine.analysis.measurements import Measurement
from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.phases import AnalysisPhase
from promotions.engine.analysis.reconcile import (
    Measured,
    Plan,
    Reconciled,
    conclude,
    plan,
    reconcile,
    unmeasurable,
)
from promotions.engine.analysis.retention import Collection
from promotions.engine.analysis.rules import RetentionRule
from promotions.engine.analysis.runs import RunSpec, RunStatus, TtlStrategy
from promotions.engine.analysis.tasks import Task, TaskKind
from tests.unit.engine.analysis.examples import (
    NOW,
    PHASES,
    ago,
    finished,
    in_flight,
    metric,
    result,
)

SECRETS = {"s": {"k": "sesame"}}
SECRET = Argument("t", None, ValueFrom(SecretKeyRef("s", "k")))
RUNNING = RunStatus(AnalysisPhase.RUNNING, started_at=ago(600))

Measure = Callable[[Sequence[Task]], Sequence[Measured]]


def giving(letter: str, *, message: str = "", value: str = "") -> Measure:
    measurement = Measurement(PHASES[letter], message, started_at=NOW, value=value)
    return lambda tasks: [Measured(measurement, {"Query": "q=sesame"}) for _ in tasks]


def refused(_tasks: Sequence[Task]) -> Sequence[Measured]:
    raise AssertionError("nothing should be measured")


def run(
    *metrics: Metric,
    status: RunStatus = RunStatus(),  # noqa: B008  immutable
    measure: Measure = refused,
    now: datetime = NOW,
    **spec: object,
) -> Reconciled:
    whole = replace(RunSpec(metrics), **spec)  # type: ignore[arg-type]  # fields by name
    return reconcile(whole, status, measure=measure, secrets=SECRETS.get, now=now)


def test_a_metric_without_interval_makes_a_run_of_one_pass() -> None:
    done = run(metric(), measure=giving("S", value="5"))

    assert done.status.phase is AnalysisPhase.SUCCESSFUL
    assert done.status.started_at == done.status.completed_at == NOW
    (only,) = done.status.results
    assert only.phase is AnalysisPhase.SUCCESSFUL
    assert only.measurements[0].value == "5"
    assert done.next_at is None
    assert done.events == (
        Event(EventType.NORMAL, "MetricSuccessful", "Metric 'm' Completed. Result: Successful"),
        Event(EventType.NORMAL, "AnalysisRunSuccessful", "Analysis Completed. Result: Successful"),
    )


def test_a_metric_with_an_interval_goes_on() -> None:
    done = run(metric(interval="60s"), measure=giving("S"))

    assert done.status.phase is AnalysisPhase.RUNNING
    assert done.status.completed_at is None
    assert done.next_at == NOW + timedelta(seconds=60)


def test_a_delayed_metric_waits_for_a_second_pass() -> None:
    delayed = replace(metric(), initial_delay="20s")

    first = run(delayed, measure=lambda tasks: [] if not tasks else refused(tasks))
    second = run(delayed, status=first.status, measure=giving("S"), now=NOW + timedelta(seconds=20))

    assert first.status.phase is AnalysisPhase.RUNNING
    assert first.next_at == NOW + timedelta(seconds=20)
    assert second.status.phase is AnalysisPhase.SUCCESSFUL


def test_the_message_changes_with_the_phase_only() -> None:
    status = replace(RUNNING, message="old", results=(result("m", "R", finished("S"), count=1),))

    going = run(metric(interval="60s"), status=status, measure=giving("S"))
    done = run(
        metric(interval="60s"), status=status, measure=giving("F"), now=NOW + timedelta(minutes=2)
    )

    assert going.status.message == "old"
    assert done.status.message == 'Metric "m" assessed Failed due to failed (1) > failureLimit (0)'


def test_a_failure_stops_what_is_in_flight_in_the_next_pass() -> None:
    flying = result("fly", "R", in_flight(resume_in=99))
    status = replace(RUNNING, results=(flying, result("bad", "F", finished("F"), failed=1)))
    kinds: list[TaskKind] = []

    def measure(tasks: Sequence[Task]) -> list[Measured]:
        kinds.extend(task.kind for task in tasks)
        return [Measured(Measurement(AnalysisPhase.INCONCLUSIVE, "gone")) for _ in tasks]

    done = run(metric("fly"), metric("bad"), status=status, measure=measure)

    assert kinds == [TaskKind.TERMINATE]
    assert done.status.phase is AnalysisPhase.FAILED
    (fly, _) = done.status.results
    assert fly.message == fly.measurements[-1].message == "Metric Terminated"
    assert len(fly.measurements) == 1


@pytest.mark.parametrize(
    ("letter", "message"),
    [
        ("S", "Metric Terminated"),
        ("I", "Metric Terminated"),
        ("F", "why"),
        ("E", "why"),
        ("R", "why"),
    ],
)
def test_stopping_is_told_instead_of_a_harmless_message(letter: str, message: str) -> None:
    status = replace(RUNNING, results=(result("m", "R", in_flight()),))

    done = run(metric(), status=status, measure=giving(letter, message="why"), terminate=True)

    assert done.status.results[0].measurements[0].message == message


def test_a_provider_that_cannot_be_made_is_an_error_that_is_tried_again() -> None:
    done = run(metric(), measure=lambda it: [unmeasurable(task, "no such", now=NOW) for task in it])

    (measurement,) = done.status.results[0].measurements
    assert measurement == Measurement(AnalysisPhase.ERROR, "no such", NOW, NOW)
    assert done.status.phase is AnalysisPhase.RUNNING
    assert done.next_at == NOW + timedelta(seconds=10)


def test_what_was_in_flight_keeps_its_metadata_when_its_provider_cannot_be_made() -> None:
    flying = replace(in_flight(), metadata={"job-name": "j"})

    measured = unmeasurable(Task(metric(), TaskKind.RESUME, flying), "no such", now=NOW)

    assert measured.measurement.metadata == {"job-name": "j"}
    assert measured.measurement.started_at == flying.started_at


def test_metadata_of_a_metric_is_that_of_its_first_measurement() -> None:
    first = run(metric(interval="1s"), measure=giving("S"), arguments=(SECRET,))
    later = NOW + timedelta(minutes=1)

    second = run(
        metric(interval="1s"),
        status=first.status,
        measure=lambda tasks: (
            [Measured(Measurement(AnalysisPhase.SUCCESSFUL), {"x": "y"})] * len(tasks)
        ),
        now=later,
    )

    assert second.status.results[0].metadata == {"Query": "q=*****"}
    assert len(second.status.results[0].measurements) == 2


def test_tasks_see_secrets_and_statuses_do_not() -> None:
    seen: list[str] = []

    def measure(tasks: Sequence[Task]) -> Sequence[Measured]:
        seen.extend(task.metric.success_condition for task in tasks)
        return giving("E", message="sesame is wrong", value="sesame")(tasks)

    done = run(
        replace(metric(), success_condition='"{{args.t}}"'), measure=measure, arguments=(SECRET,)
    )

    assert seen == ['"sesame"']
    assert "sesame" not in repr(done.status)


BROKEN = replace(metric(), success_condition="{{args.nobody}}")
GONE = Argument("g", None, ValueFrom(SecretKeyRef("gone", "k")))


@pytest.mark.parametrize(
    ("it", "spec", "message"),
    [
        (BROKEN, {}, "Unable to resolve metric arguments: failed to resolve {{args.nobody}}"),
        (
            metric(),
            {"arguments": (Argument("x"),)},
            'Unable to resolve metric arguments: argument "x" was not supplied',
        ),
        (
            metric(),
            {"arguments": (GONE,)},
            'Unable to resolve metric arguments: secrets "gone" not found',
        ),
        (
            metric(count=2),
            {},
            "Analysis spec invalid: metrics[0]: interval must be specified when count > 1",
        ),
        (
            metric(),
            {"dry_run": ("*",)},
            "Analysis spec invalid: dryRun[0]: Rule didn't match any metric name(s)",
        ),
        (
            metric(),
            {"measurement_retention": (RetentionRule("x", 1),)},
            "Analysis spec invalid: measurementRetention[0]: Rule didn't match any metric name(s)",
        ),
        (
            metric(),
            {"dry_run": ("x",), "measurement_retention": (RetentionRule("y", 1),)},
            "Analysis spec invalid: dryRun[0]: Rule didn't match any metric name(s)",
        ),
    ],
    ids=range(7),
)
def test_a_specification_that_is_wrong_ends_the_run_without_start_or_end(
    it: Metric, spec: dict[str, object], message: str
) -> None:
    whole = replace(RunSpec((it,)), **spec)  # type: ignore[arg-type]  # fields by name
    done = reconcile(whole, RunStatus(), measure=refused, secrets=SECRETS.get, now=NOW)

    assert done.status == RunStatus(AnalysisPhase.ERROR, message)
    assert done.next_at is None
    assert done.events == (
        Event(EventType.WARNING, "AnalysisRunError", "Analysis Completed. Result: Error"),
    )


def test_a_run_without_metrics_is_wrong() -> None:
    assert run().status.message == "Analysis spec invalid: no metrics specified"


def test_a_secret_that_disappears_ends_the_run_even_if_nothing_is_due() -> None:
    status = replace(RUNNING, results=(result("m", "R", finished("S"), count=1),))

    done = run(metric(interval="1h"), status=status, arguments=(GONE,))

    assert done.status.phase is AnalysisPhase.ERROR
    assert done.status.results == status.results


def test_an_argument_can_say_how_often_to_measure() -> None:
    templated = metric(interval="1m", count="{{args.n}}")
    once = result("m", "R", finished("S"), count=1)

    done = run(
        templated,
        status=replace(RUNNING, results=(once,)),
        measure=giving("S"),
        now=NOW + timedelta(minutes=2),
        arguments=(Argument("n", "2"),),
    )

    assert done.status.phase is AnalysisPhase.SUCCESSFUL


@pytest.mark.parametrize("letter", "SFEI")
def test_a_run_that_has_ended_is_left_alone_until_its_time_is_over(letter: str) -> None:
    ended = RunStatus(PHASES[letter], "done", completed_at=ago(60))
    lifetime = TtlStrategy(seconds_after_completion=100)

    assert run(BROKEN, status=ended) == Reconciled(ended)
    assert run(BROKEN, status=ended, ttl_strategy=lifetime) == Reconciled(
        ended, NOW + timedelta(seconds=41)
    )
    assert run(status=ended, ttl_strategy=TtlStrategy(1)).next_at == NOW


def test_old_measurements_go_and_their_provider_is_told() -> None:
    old = tuple(finished("S", seconds_ago=100) for _ in range(10))
    status = replace(RUNNING, results=(replace(result("m", "R", count=10), measurements=old),))

    done = run(metric(interval="1s"), status=status, measure=giving("S"))

    assert len(done.status.results[0].measurements) == 10
    assert done.status.results[0].count == 11
    assert done.collections == (Collection(metric(interval="1s"), 10),)


def test_planning_and_concluding_are_one_pass_in_two_halves() -> None:
    spec = RunSpec((metric(), metric("n")))

    planned = plan(spec, RunStatus(), secrets=SECRETS.get, now=NOW)

    assert isinstance(planned, Plan)
    measured = giving("S")(planned.tasks)
    whole = reconcile(spec, RunStatus(), measure=giving("S"), secrets=SECRETS.get, now=NOW)
    assert conclude(planned, measured, now=NOW) == whole


METRICS = st.builds(
    lambda delay, **fields: replace(metric(**fields), initial_delay=delay),
    name=st.sampled_from(["a", "b", "c"]),
    count=st.one_of(st.none(), st.integers(-1, 4), st.sampled_from(["2", "x"])),
    interval=st.sampled_from(["", "1s", "20s", "-3s", "never"]),
    failures=st.one_of(st.none(), st.integers(-2, 2)),
    inconclusive=st.one_of(st.none(), st.integers(-1, 2)),
    errors=st.one_of(st.none(), st.integers(-1, 2)),
    successes=st.one_of(st.none(), st.integers(-1, 2)),
    delay=st.sampled_from(["", "5s", "soon"]),
)


@given(
    st.lists(METRICS, max_size=4),
    st.lists(st.sampled_from("SFEIRP-"), min_size=1, max_size=30),
    st.lists(st.sampled_from(["a", "b", ".", "zzz"]), max_size=2, unique=True),
    st.booleans(),
)
def test_any_run_goes_forward_until_it_ends(
    metrics: list[Metric],
    letters: list[str],
    dry_run: list[str],
    terminate: bool,  # noqa: FBT001  drawn
) -> None:
    outcomes = iter(letters * 50)

    def measure(tasks: Sequence[Task]) -> list[Measured]:
        return [Measured(Measurement(PHASES[next(outcomes)], started_at=now)) for _ in tasks]

    now, status = NOW, RunStatus()
    spec = RunSpec(tuple(metrics), dry_run=tuple(dry_run), terminate=terminate)
    for _ in range(12):
        done = reconcile(spec, status, measure=measure, secrets=SECRETS.get, now=now)

        assert done.next_at is None or done.next_at >= now
        assert status.phase is not AnalysisPhase.RUNNING or done.status.phase is not PHASES["P"]
        assert not status.phase.is_completed or done.status == status
        for before in status.results:
            after = done.status.by_name()[before.name]
            assert not before.phase.is_completed or after.phase is before.phase
            assert after.count >= before.count
            assert len(after.measurements) <= 10
        status = done.status
        now = max(now + timedelta(seconds=1), done.next_at or now)
    if terminate:
        assert status.phase.is_completed


def test_a_thousand_metrics_are_no_trouble() -> None:
    many = [metric(str(index)) for index in range(1000)]

    assert run(*many, measure=giving("S")).status.run_summary.successful == 1000
