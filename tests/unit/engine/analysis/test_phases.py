"""Phases are final or not, and have an order from best to worst."""

import itertools

import pytest

from promotions.engine.analysis.phases import AnalysisPhase, is_worse, worst
from tests.unit.engine.analysis.examples import PHASES


@pytest.mark.parametrize(("letter", "completed"), [*zip("SFEI", "yyyy"), *zip("PR-", "nnn")])  # noqa: B905  pairs of equal length
def test_four_phases_are_final(letter: str, completed: str) -> None:
    assert PHASES[letter].is_completed is (completed == "y")


@pytest.mark.parametrize(("better", "worse"), list(itertools.combinations("SRPIEF", 2)))
def test_each_phase_is_worse_than_those_before_it(better: str, worse: str) -> None:
    left, right = PHASES[better], PHASES[worse]

    assert is_worse(right, than=left)
    assert not is_worse(left, than=right)
    assert worst(left, right) is worst(right, left) is right


@pytest.mark.parametrize("phase", AnalysisPhase)
def test_no_phase_is_worse_than_itself(phase: AnalysisPhase) -> None:
    assert not is_worse(phase, than=phase)
    assert worst(phase, phase) is phase


def test_what_was_not_looked_at_is_no_worse_than_success() -> None:
    assert not is_worse(AnalysisPhase.UNSET, than=AnalysisPhase.SUCCESSFUL)
    assert is_worse(AnalysisPhase.RUNNING, than=AnalysisPhase.UNSET)
