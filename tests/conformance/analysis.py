"""Runs the cases of analysis runs: one function per kind, each from an input to an answer."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.conformance import (
    analysis_engine,
    analysis_evaluation,
    analysis_merging,
    analysis_providers,
)
from tests.conformance.analysis_expectations import outcome_of
from tests.conformance.cases import NotImplementedYetError, Outcome
from tests.conformance.vectors import Case

Runner = Callable[[Mapping[str, Any]], Mapping[str, Any]]

RUNNERS: dict[str, Runner] = {
    **analysis_engine.RUNNERS,
    **analysis_evaluation.RUNNERS,
    **analysis_merging.RUNNERS,
    **analysis_providers.RUNNERS,
}


def run(case: Case) -> Outcome:
    """Run one case; its input goes to the runner of its kind."""
    runner = RUNNERS.get(case["kind"])
    if runner is None:
        raise NotImplementedYetError(case["kind"])
    return outcome_of(case["expect"], lambda: runner(case["input"]))
