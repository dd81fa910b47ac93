"""What is wrong with the metrics of a run, in Argo's words.

Source: Argo Rollouts ``utils/analysis`` ValidateMetrics.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from common.errors import InvalidError
from promotions.engine.analysis.int_or_string import int_value
from promotions.engine.analysis.metrics import PLUGIN, PROVIDERS, Metric
from promotions.engine.analysis.timing import duration_of

FAILURE_LIMIT_DISABLED = -1


@dataclass(frozen=True, slots=True)
class _Numbers:
    count: int
    failure_limit: int
    inconclusive_limit: int
    error_limit: int
    success_limit: int


def validate_metrics(metrics: Sequence[Metric]) -> None:
    """Check that the metrics can be measured.

    Raises:
        InvalidError: The first thing that is wrong; the message starts with the metric's index.
    """
    if not metrics:
        raise InvalidError("no metrics specified")
    seen: set[str] = set()
    for index, metric in enumerate(metrics):
        if metric.name in seen:
            raise InvalidError(f"metrics[{index}]: duplicate name '{metric.name}'")
        seen.add(metric.name)
        for problem in _problems(metric):
            raise InvalidError(f"metrics[{index}]: {problem}")


def _problems(metric: Metric) -> Iterator[str]:
    numbers = _Numbers(
        count=int_value(metric.count),
        failure_limit=int_value(metric.failure_limit),
        inconclusive_limit=int_value(metric.inconclusive_limit),
        error_limit=int_value(metric.consecutive_error_limit),
        success_limit=int_value(metric.consecutive_success_limit),
    )
    if numbers.count > 0:
        yield from _limits_beyond_count(numbers)
    if numbers.count > 1 and not metric.interval:
        yield "interval must be specified when count > 1"
    yield from _bad_duration("interval", metric.interval)
    yield from _bad_duration("startDelay", metric.initial_delay)
    for is_wrong, problem in _LIMIT_RULES:
        if is_wrong(numbers):
            yield problem
    yield from _provider_problem(metric)


def _limits_beyond_count(numbers: _Numbers) -> Iterator[str]:
    count, failures, successes = numbers.count, numbers.failure_limit, numbers.success_limit
    if failures >= 0 and successes >= 0 and count < failures + successes:
        yield (
            f"count ({count}) must be >= failureLimit + consecutiveSuccessLimit "
            f"({failures} + {successes}) if both >= 0"
        )
    if count < successes:
        yield "count must be >= consecutiveSuccessLimit"
    if count < numbers.inconclusive_limit:
        yield "count must be >= inconclusiveLimit"


def _bad_duration(name: str, text: str) -> Iterator[str]:
    try:
        if text:
            duration_of(text)
    except InvalidError as error:
        yield f"invalid {name} string: {error}"


def _provider_problem(metric: Metric) -> Iterator[str]:
    given = [it for it in metric.provider.keys() & PROVIDERS if metric.provider[it] is not None]
    plugins = metric.provider.get(PLUGIN)
    number = len(given)
    if PLUGIN in given:
        number += (len(plugins) if isinstance(plugins, Mapping) else 1) - 1
    if number == 0:
        yield "no provider specified"
    if number > 1:
        yield "multiple providers specified"


_LIMIT_RULES: tuple[tuple[Callable[[_Numbers], bool], str], ...] = (
    (
        lambda it: it.failure_limit < FAILURE_LIMIT_DISABLED,
        "failureLimit must be >= 0, or -1 to be disabled",
    ),
    (lambda it: it.inconclusive_limit < 0, "inconclusiveLimit must be >= 0"),
    (lambda it: it.error_limit < 0, "consecutiveErrorLimit must be >= 0"),
    (lambda it: it.success_limit < 0, "consecutiveSuccessLimit must be >= 0"),
    (
        lambda it: it.failure_limit == FAILURE_LIMIT_DISABLED and it.success_limit == 0,
        "failureLimit and consecutiveSuccessLimit cannot both be disabled",
    ),
)
