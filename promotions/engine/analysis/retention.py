"""Which measurements of a run are kept.

Source: Argo Rollouts ``analysis`` garbageCollectMeasurements.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from promotions.engine.analysis.measurements import MetricResult
from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.rules import RetentionRule

HISTORY_LIMIT = 10


@dataclass(frozen=True, slots=True)
class Collection:
    """A metric whose provider is to drop what it keeps beyond the newest ``limit`` measurements."""

    metric: Metric
    limit: int


@dataclass(frozen=True, slots=True)
class Trimmed:
    """Results with few enough measurements, and what providers have to do about the others."""

    results: tuple[MetricResult, ...]
    collections: tuple[Collection, ...] = ()


def trim_measurements(
    results: Sequence[MetricResult],
    metrics: Sequence[Metric],
    *,
    rules: Mapping[str, RetentionRule],
    limit: int = HISTORY_LIMIT,
) -> Trimmed:
    """Return the results with the newest measurements only; counters stay as they are.

    Args:
        results: What to trim; one without a metric is left alone.
        metrics: The metrics with arguments resolved.
        rules: Rules by metric name; a limit of 0 is none.
        limit: How many to keep where no rule says.
    """
    by_name = {metric.name: metric for metric in metrics}
    kept: list[MetricResult] = []
    collections: list[Collection] = []
    for result in results:
        rule = rules.get(result.name)
        most = rule.limit if rule is not None and rule.limit > 0 else limit
        metric = by_name.get(result.name)
        if metric is None or len(result.measurements) <= most:
            kept.append(result)
            continue
        kept.append(replace(result, measurements=result.measurements[-most:]))
        collections.append(Collection(metric, most))
    return Trimmed(tuple(kept), tuple(collections))
