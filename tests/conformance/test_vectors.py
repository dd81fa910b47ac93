"""The vector features that this much of the platform must answer without a difference."""

from pathlib import Path

import pytest

from tests.conformance.__main__ import failures_of
from tests.conformance.cases import load_cases
from tests.conformance.vectors import DIRECTORY, Case

TABLE_FEATURES = (
    "urls/git",
    "urls/image",
    "urls/chart",
    "urls/sanitize",
    "freight/id",
    "freight/origin",
    "promotions/name",
    "patterns/name",
    "patterns/path",
    "git/path-filters",
    "git/matches-ref",
    "git/tag-selection",
    "git/commit-selection",
    "git/subject-shortening",
    "images/selection",
    "images/reference-parsing",
    "charts/selection",
    "stages/label-selectors",
    "strings/hash-shorten",
)


def vectors(name: str) -> list[Case]:
    path: Path = DIRECTORY / f"{name}.open.json"
    if not path.exists():
        pytest.skip(f"the conformance vectors are not at {path}")
    return load_cases(path)


@pytest.mark.parametrize("feature", TABLE_FEATURES)
def test_every_case_of_the_table_feature_passes(feature: str) -> None:
    cases = [case for case in vectors("kargo_tables") if case["feature"] == feature]

    failures = list(failures_of("kargo_tables", cases))

    assert cases
    assert failures == []


def test_every_version_case_passes() -> None:
    assert list(failures_of("semver", vectors("semver"))) == []


@pytest.mark.parametrize(("name", "share"), [("expr", 0.94), ("kargo_templates", 0.99)])
def test_expressions_do_not_fall_behind_what_they_could_do(name: str, share: float) -> None:
    cases = vectors(name)

    failures = list(failures_of(name, cases))

    assert len(failures) <= (1 - share) * len(cases)


def test_a_set_without_an_adapter_counts_as_failing() -> None:
    ((_, outcome),) = failures_of("nobody", [{"id": "x", "expect": {"value": 1}}])

    assert outcome.got == "not implemented"
