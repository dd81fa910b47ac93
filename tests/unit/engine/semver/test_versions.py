import pytest
from hypothesis import given, strategies as st

from common.errors import InvalidError
from promotions.engine.semver.constraints import parse_constraint
from promotions.engine.semver.versions import (
    Version,
    difference,
    parse_version,
    sort_newest_first,
)

numbers = st.integers(min_value=0, max_value=99)
versions = st.builds(Version, numbers, numbers, numbers, st.sampled_from(["", "rc.1", "rc.10"]))


@given(versions)
def test_a_version_reads_back_from_its_text(version: Version) -> None:
    assert parse_version(str(version), strict=True) == version


@given(versions)
def test_every_release_satisfies_the_wildcard_and_no_prerelease_does(version: Version) -> None:
    assert parse_constraint("*").allows(version) is not bool(version.prerelease)


def test_loose_reading_fills_in_zeros() -> None:
    assert str(parse_version("v1.2")) == "1.2.0"


@pytest.mark.parametrize("text", ["v1.2.3", "1.2", "1.02.3", "latest", ""])
def test_strict_reading_refuses_what_is_not_semver(text: str) -> None:
    with pytest.raises(InvalidError):
        parse_version(text, strict=True)


@pytest.mark.parametrize(
    ("constraint", "inside", "outside"),
    [
        ("^1.2", "1.9.0", "2.0.0"),
        ("~1.2.3", "1.2.9", "1.3.0"),
        (">=1.0.0, <2.0.0", "1.5.0", "2.0.0"),
        ("1.0 - 2.0", "1.5.0", "2.1.0"),
        ("^1 || ^3", "3.1.0", "2.0.0"),
        ("^1.0.0-0", "1.1.0-rc.1", "2.0.0"),
        ("^0.0.3", "0.0.3", "0.0.4"),
    ],
)
def test_a_constraint_draws_its_line(constraint: str, inside: str, outside: str) -> None:
    rule = parse_constraint(constraint)

    assert rule.allows(parse_version(inside))
    assert not rule.allows(parse_version(outside))


def test_a_prerelease_needs_a_constraint_that_names_one() -> None:
    version = parse_version("1.5.0-rc.1")

    assert not parse_constraint("^1.2").allows(version)
    assert parse_constraint("^1.2").allows(version, include_prerelease=True)


@pytest.mark.parametrize("constraint", ["> > 1", "bogus", "1 | 2", "1.2.3,"])
def test_a_malformed_constraint_is_refused(constraint: str) -> None:
    with pytest.raises(InvalidError, match="version constraint"):
        parse_constraint(constraint)


def test_tags_sort_by_version_and_those_that_are_none_drop_out() -> None:
    assert sort_newest_first(["1.9.0", "latest", "v1.10.0", "v1.9.0"]) == [
        "v1.10.0",
        "v1.9.0",
        "1.9.0",
    ]


def test_the_difference_names_the_greatest_part() -> None:
    assert difference("1.2.3", "1.3.0") == "Minor"
    assert difference("1.2.3-rc.1", "1.2.3") == "None"
    assert difference("x", "1.2.3") == "Incomparable"
