"""Rules name metrics by patterns, and each must find one."""

import pytest

from common.errors import InvalidError
from promotions.engine.analysis.rules import RetentionRule, dry_run_metrics, retained_metrics

NAMES = ["success-rate", "error-rate", "latency"]


@pytest.mark.parametrize(
    ("rules", "matched"),
    [
        ([], set()),
        (["latency"], {"latency"}),
        ([".*"], set(NAMES)),
        (["rate"], {"success-rate", "error-rate"}),
        (["^error"], {"error-rate"}),
        (["latency", "rate$"], set(NAMES)),
        ([""], set(NAMES)),
    ],
)
def test_a_pattern_is_searched_for_in_the_names(rules: list[str], matched: set[str]) -> None:
    assert dry_run_metrics(rules, NAMES) == matched


@pytest.mark.parametrize(
    "rule", ["absent", "*", "(", "(?=a)", r"(a)\1", "^rate", "a{1001}", "\ud800"]
)
def test_a_rule_that_finds_nothing_or_is_no_pattern_is_wrong(rule: str) -> None:
    with pytest.raises(InvalidError, match=r"dryRun\[1\]: Rule didn't match any metric name\(s\)"):
        dry_run_metrics(["latency", rule], NAMES)
    with pytest.raises(InvalidError, match=r"measurementRetention\[0\]: Rule didn't match"):
        retained_metrics([RetentionRule(rule, 3)], NAMES)


def test_the_last_rule_for_a_metric_says_how_many_to_keep() -> None:
    every, one = RetentionRule(".*", 15), RetentionRule("latency", 3)

    matched = retained_metrics([every, one], NAMES)

    assert matched == {"success-rate": every, "error-rate": every, "latency": one}


def test_a_pattern_that_backtracks_elsewhere_takes_no_time_here() -> None:
    assert dry_run_metrics(["(a|a)*$"], ["a" * 50_000 + "b"])
