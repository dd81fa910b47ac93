"""Expressions compiled for their environment's types answer as the reference compiled so does."""

import pytest

from tests.conformance.expr import run_typed
from tests.conformance.vectors import load

CASES = load("expr")


@pytest.mark.parametrize("mode", ["typed_env", "typed_env_allow_undefined"])
def test_every_case_has_its_answer_in_typed_mode(mode: str) -> None:
    outcomes = [(case, run_typed(case, mode)) for case in CASES]

    failed = [f"{case['id']}: {case['expr']}" for case, outcome in outcomes if not outcome.passed]
    assert failed == []
