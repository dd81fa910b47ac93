from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from common.errors import InvalidError
from promotions.engine.semver.constraints import parse_constraint
from promotions.engine.semver.versions import (
    compare,
    newest_first,
    parse_tag,
    parse_version,
    sort_newest_first,
)

NUMBERS = st.integers(0, 3) | st.integers(0, 2**64 - 1)
IDENTIFIERS = st.sampled_from(["0", "1", "10", "2", "alpha", "rc", "a-b", "-", "A", "x1", "9" * 30])
SUFFIXES = st.lists(IDENTIFIERS, min_size=1, max_size=3).map(".".join)


@st.composite
def version_texts(draw: st.DrawFn) -> str:
    numbers = draw(st.lists(NUMBERS, min_size=1, max_size=3))
    prerelease = draw(st.just("") | SUFFIXES.map(lambda text: f"-{text}"))
    metadata = draw(st.just("") | SUFFIXES.map(lambda text: f"+{text}"))
    prefix = draw(st.sampled_from(["", "v"]))
    return f"{prefix}{'.'.join(map(str, numbers))}{prerelease}{metadata}"


CONSTRAINT_PIECES = st.sampled_from(
    [*"0123456789xX*v.-+|,<>=~^! ", "||", " - ", ">=", "1.2.3", "-rc.1", "é", "\n"]
)


@given(version_texts(), version_texts(), version_texts())
def test_versions_are_in_one_order(left: str, middle: str, right: str) -> None:
    first, second, third = map(parse_version, (left, middle, right))

    assert compare(first, second) == -compare(second, first)
    if compare(first, second) <= 0 and compare(second, third) <= 0:
        assert compare(first, third) <= 0


@given(st.lists(version_texts(), max_size=8))
def test_sorting_follows_comparing(texts: list[str]) -> None:
    ordered = newest_first(map(parse_version, texts))

    pairs = list(pairwise(ordered))
    assert all(compare(left, right) >= 0 for left, right in pairs)
    assert all(
        left.original >= right.original for left, right in pairs if compare(left, right) == 0
    )
    assert sort_newest_first(reversed(texts)) == [version.original for version in ordered]


@given(version_texts(), version_texts())
def test_the_simple_operators_follow_comparing(limit: str, other: str) -> None:
    bound = str(parse_version(limit))
    version = parse_version(other)

    order = compare(version, parse_version(bound))

    for operator, holds in {
        "=": order == 0,
        "!=": order != 0,
        "<": order < 0,
        "<=": order <= 0,
        ">": order > 0,
        ">=": order >= 0,
    }.items():
        constraint = parse_constraint(f"{operator}{bound}")
        assert constraint.allows(version, include_prerelease=True) is holds


@given(version_texts())
def test_a_version_satisfies_what_names_it(text: str) -> None:
    version = parse_version(text)

    for operator in ("=", "~", "^", ">=", "<="):
        assert parse_constraint(f"{operator}{version}").allows(version)


@given(st.lists(CONSTRAINT_PIECES, max_size=12).map("".join) | st.text(max_size=20))
def test_any_text_is_a_constraint_or_refused(text: str) -> None:
    try:
        constraint = parse_constraint(text)
    except InvalidError:
        return

    assert constraint.allows(parse_version("1.2.3")) in {True, False}


@given(st.text("0123456789.-+vVx é\x00\ud800", max_size=20))
def test_any_text_is_a_version_or_not(text: str) -> None:
    loose, strict = parse_tag(text), parse_tag(text, strict=True)

    assert loose is None or loose.original == text
    assert strict is None or str(strict) == text.removeprefix("v")


@pytest.mark.parametrize(
    "text", ["1" * 300, "1.0.0-" + "a." * 200 + "a", ">=1" * 5000, "1 - " * 1000, "<1 " * 1300]
)
def test_long_texts_end_soon(text: str) -> None:
    assert parse_tag(text) is None
    with pytest.raises(InvalidError):
        parse_constraint(text)


@pytest.mark.parametrize(
    ("constraint", "version", "allowed"),
    [
        ("1.2 - 1.4", "1.4.9", True),
        ("1.2 - 1.4", "1.5.0", False),
        ("1.2-1.4", "1.2.0-1.4", True),
        (">=1, <2 || >=3", "3.1.0", True),
        (">= 1.0 < 1.5", "1.4.9", True),
        ("=>1 =<2", "2.9.9", True),
        ("~>1.2", "1.2.9", True),
        ("^0.0.3", "0.0.4", False),
        ("^0", "0.9.0", True),
        ("!=1.x", "1.5.0", False),
        (">1.x", "1.9.9", False),
        ("*-0", "1.0.0-rc", True),
        ("^1-0, <1.5", "1.4.0-rc", True),
        ("1.0.0+a", "1.0.0+b", True),
        ("*.1", "2.2.0", True),
    ],
)
def test_a_constraint_reads_as_masterminds_does(
    constraint: str,
    version: str,
    allowed: bool,  # noqa: FBT001 - a table
) -> None:
    assert parse_constraint(constraint).allows(parse_version(version)) is allowed
