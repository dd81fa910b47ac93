"""Which metrics the patterns of dry-run and retention rules mean.

Source: Argo Rollouts ``utils/analysis`` GetDryRunMetrics, GetMeasurementRetentionMetrics.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from common.errors import InvalidError
from promotions.engine.regexes import compile_regex


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """How many measurements to keep of the metrics that a pattern finds; 0 says nothing."""

    metric_name: str
    limit: int = 0


def dry_run_metrics(rules: Sequence[str], names: Sequence[str]) -> frozenset[str]:
    """Return the names of the metrics that the rules find.

    Raises:
        InvalidError: A rule finds none, as one that is no regular expression does.
    """
    matched: set[str] = set()
    for index, rule in enumerate(rules):
        matched.update(_matches(rule, names, f"dryRun[{index}]"))
    return frozenset(matched)


def retained_metrics(
    rules: Sequence[RetentionRule], names: Sequence[str]
) -> dict[str, RetentionRule]:
    """Return the rule of each metric that the rules find; the last of several.

    Raises:
        InvalidError: A rule finds none, as one that is no regular expression does.
    """
    matched: dict[str, RetentionRule] = {}
    for index, rule in enumerate(rules):
        where = f"measurementRetention[{index}]"
        matched |= dict.fromkeys(_matches(rule.metric_name, names, where), rule)
    return matched


def _matches(pattern: str, names: Iterable[str], where: str) -> list[str]:
    try:
        compiled = compile_regex(pattern)
        matched = [name for name in names if compiled.search(name)]
    except (InvalidError, UnicodeEncodeError):
        matched = []
    if not matched:
        raise InvalidError(f"{where}: Rule didn't match any metric name(s)")
    return matched
