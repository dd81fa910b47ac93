"""Metrics that cannot be measured are refused in Argo's words."""

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from common.errors import InvalidError
from common.jsontypes import JSONObject
from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.validation import validate_metrics
from tests.unit.engine.analysis.examples import metric

MINUTELY = "1m"


@pytest.mark.parametrize(
    "it",
    [
        metric(),
        metric(count=1),
        metric(count="1"),
        metric(count="many"),
        metric(count=-1),
        metric(count=3, interval="60s"),
        metric(count=3, interval="60s", failures=3),
        metric(count=3, interval="60s", failures=1, successes=2),
        metric(count=3, interval="60s", failures=-1, successes=3),
        metric(interval=MINUTELY, failures=99, inconclusive=99, errors=0, successes=99),
        metric(interval="-1m"),
        replace(metric(), initial_delay="1h2m3.5s"),
    ],
)
def test_what_can_be_measured_is_accepted(it: Metric) -> None:
    validate_metrics([it])


@pytest.mark.parametrize(
    ("it", "problem"),
    [
        (
            metric(count=3, interval=MINUTELY, failures=4),
            "count (3) must be >= failureLimit + consecutiveSuccessLimit (4 + 0) if both >= 0",
        ),
        (
            metric(count="3", interval=MINUTELY, failures="2", successes="2"),
            "count (3) must be >= failureLimit + consecutiveSuccessLimit (2 + 2) if both >= 0",
        ),
        (
            metric(count=3, interval=MINUTELY, failures=-1, successes=4),
            "count must be >= consecutiveSuccessLimit",
        ),
        (metric(count=1, inconclusive=2), "count must be >= inconclusiveLimit"),
        (metric(count=2), "interval must be specified when count > 1"),
        (
            metric(interval="60"),
            'invalid interval string: time: missing unit in duration "60"',
        ),
        (
            metric(interval="1d"),
            'invalid interval string: time: unknown unit "d" in duration "1d"',
        ),
        (metric(interval="soon"), 'invalid interval string: time: invalid duration "soon"'),
        (
            replace(metric(), initial_delay="5 s"),
            'invalid startDelay string: time: unknown unit " s" in duration "5 s"',
        ),
        (metric(failures=-2), "failureLimit must be >= 0, or -1 to be disabled"),
        (metric(inconclusive=-1), "inconclusiveLimit must be >= 0"),
        (metric(errors="-1"), "consecutiveErrorLimit must be >= 0"),
        (metric(successes=-1), "consecutiveSuccessLimit must be >= 0"),
        (
            metric(failures=-1),
            "failureLimit and consecutiveSuccessLimit cannot both be disabled",
        ),
        (metric(count=2, failures=-2), "interval must be specified when count > 1"),
    ],
)
def test_what_is_wrong_is_told_with_the_metrics_place(it: Metric, problem: str) -> None:
    with pytest.raises(InvalidError) as caught:
        validate_metrics([metric("fine"), it])

    assert str(caught.value) == f"metrics[1]: {problem}"


@pytest.mark.parametrize(
    ("provider", "problem"),
    [
        ({}, "no provider specified"),
        ({"web": None}, "no provider specified"),
        ({"plugin": {}}, "no provider specified"),
        ({"carrier-pigeon": {}}, "no provider specified"),
        ({"web": {}, "prometheus": {}}, "multiple providers specified"),
        ({"web": {}, "plugin": {"a/b": {}}}, "multiple providers specified"),
        ({"plugin": {"a/b": {}, "c/d": {}}}, "multiple providers specified"),
    ],
)
def test_a_metric_has_one_provider(provider: JSONObject, problem: str) -> None:
    with pytest.raises(InvalidError, match=problem):
        validate_metrics([replace(metric(), provider=provider)])


@pytest.mark.parametrize("provider", [{"web": {}}, {"plugin": {"a/b": None}}, {"job": {}, "x": {}}])
def test_one_provider_is_enough(provider: JSONObject) -> None:
    validate_metrics([replace(metric(), provider=provider)])


def test_there_is_a_metric_and_none_twice() -> None:
    with pytest.raises(InvalidError, match=r"^no metrics specified$"):
        validate_metrics([])
    with pytest.raises(InvalidError, match=r"^metrics\[2\]: duplicate name 'a'$"):
        validate_metrics([metric("a"), metric("b"), metric("a")])


NUMBERS = st.one_of(st.none(), st.integers(-3, 5), st.text(max_size=4))
METRICS = st.builds(
    metric,
    name=st.sampled_from("abc"),
    count=NUMBERS,
    interval=st.one_of(st.just("1m"), st.text(max_size=6)),
    failures=NUMBERS,
    inconclusive=NUMBERS,
    errors=NUMBERS,
    successes=NUMBERS,
)


@given(st.lists(METRICS, max_size=5))
def test_any_metrics_are_accepted_or_refused_with_a_reason(metrics: list[Metric]) -> None:
    try:
        validate_metrics(metrics)
    except InvalidError as error:
        assert str(error)  # noqa: PT017  both outcomes are right, another exception is not


def test_thousands_of_metrics_are_no_trouble() -> None:
    validate_metrics([metric(str(index)) for index in range(20_000)])
