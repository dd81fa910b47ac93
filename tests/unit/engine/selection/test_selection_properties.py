from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from common.errors import InvalidError
from promotions.engine.selection.charts import select_chart_versions
from promotions.engine.selection.commits import shorten_subject
from promotions.engine.selection.images import ImageDetails, ImageStrategy, select_images
from promotions.engine.selection.labels import parse_label_selector
from promotions.engine.selection.patterns import PathFilter, matches_name, matches_path
from promotions.engine.selection.tagnames import TagRules
from promotions.engine.selection.tags import TagMetadata, TagStrategy, select_tags

NOW = datetime(2024, 4, 20, tzinfo=UTC)
PATTERNS = st.tuples(
    st.sampled_from(["", "glob:", "regex:", "regexp:"]),
    st.text("ab*?[]{},!^-\\/.()|+é\ud800", max_size=10),
).map("".join)
NAMES = st.text("ab/.-é\ud800", max_size=8)
TAGS = st.sampled_from(
    ["1.0.0", "v1.0.0", "1.0.0+a", "1.1.0", "2.0.0-rc.1", "2.0", "latest", "é", "nightly", "10"]
)


@given(PATTERNS, NAMES)
def test_any_pattern_decides_or_is_refused(pattern: str, name: str) -> None:
    for matches in (matches_name, matches_path):
        try:
            assert matches(pattern, name) in {True, False}
        except InvalidError:
            assert pattern.startswith(("glob:", "regex:", "regexp:"))


@given(st.lists(PATTERNS, max_size=2), st.lists(NAMES, max_size=3))
def test_what_is_excluded_is_never_let_through_by_its_inclusion(
    patterns: list[str], paths: list[str]
) -> None:
    both = PathFilter(include=tuple(patterns), exclude=tuple(patterns))
    try:
        passes = both.passes(paths)
    except InvalidError:
        return

    assert not passes or not patterns


@given(st.lists(TAGS, max_size=10, unique=True), st.integers(0, 4))
def test_fewer_tags_are_the_beginning_of_more(names: list[str], limit: int) -> None:
    tags = [TagMetadata(name, "c", NOW - timedelta(days=index)) for index, name in enumerate(names)]
    for strategy in TagStrategy:
        every, some = (
            select_tags(
                tags,
                strategy=strategy,
                rules=TagRules(ignore=("^nightly",)),
                changed_paths=lambda _: (),
                limit=count,
            )
            for count in (0, limit)
        )

        assert some == (every[:limit] if limit else every)
        assert {tag.tag for tag in every} <= set(names) - {"nightly"}


@given(st.lists(TAGS, max_size=10, unique=True))
def test_the_order_of_a_listing_does_not_matter_to_images(names: list[str]) -> None:
    images = {name: ImageDetails(name, "", NOW) for name in names}
    for strategy in ImageStrategy:
        found = [
            select_images(it, strategy=strategy, rules=TagRules(), describe=images.get)
            for it in (names, names[::-1])
        ]

        assert found[0] == found[1]


def test_image_tags_are_ordered_by_their_strategy() -> None:
    ages = {"1.9.0": 3, "v1.10.0": 2, "latest": 1}
    images = {
        tag: ImageDetails(tag, "", NOW - timedelta(days=age), frozenset({"linux/amd64"}))
        for tag, age in ages.items()
    }

    def tags(strategy: ImageStrategy, constraint: str = "", platform: str = "") -> list[str]:
        rules = TagRules(constraint=constraint)
        found = select_images(
            images, strategy=strategy, rules=rules, describe=images.get, platform=platform
        )
        return [image.tag for image in found]

    assert tags(ImageStrategy.SEMVER) == ["v1.10.0", "1.9.0"]
    assert tags(ImageStrategy.SEMVER, "<1.10") == ["1.9.0"]
    assert tags(ImageStrategy.LEXICAL) == ["v1.10.0", "latest", "1.9.0"]
    assert tags(ImageStrategy.NEWEST_BUILD) == ["latest", "v1.10.0", "1.9.0"]
    assert tags(ImageStrategy.DIGEST, "latest") == ["latest"]
    assert tags(ImageStrategy.DIGEST, "missing") == []
    assert tags(ImageStrategy.SEMVER, platform="linux/arm64") == []
    with pytest.raises(InvalidError):
        tags(ImageStrategy.SEMVER, "bogus")


def test_a_chart_in_a_registry_needs_a_full_version_without_v() -> None:
    versions = ["v1.0.0", "1.0.0", "1.1", "1.2.0_build.5", "2.0.0-rc.1"]

    assert select_chart_versions(versions, repo_url="oci://ghcr.io/a/b") == [
        "2.0.0-rc.1",
        "1.2.0+build.5",
        "1.0.0",
    ]
    assert select_chart_versions(versions, repo_url="https://c", constraint="1.x", limit=2) == [
        "1.1",
        "v1.0.0",
    ]


@pytest.mark.parametrize(
    ("operator", "values", "with_label", "without"),
    [
        ("In", ["1", "2"], True, False),
        ("In", ["2"], False, False),
        ("NotIn", ["1"], False, True),
        ("NotIn", ["2"], True, True),
        ("Exists", [], True, False),
        ("DoesNotExist", [], False, True),
    ],
)
def test_each_operator_treats_an_absent_label_its_own_way(
    operator: str,
    values: list[str],
    with_label: bool,  # noqa: FBT001 - a table
    without: bool,  # noqa: FBT001 - a table
) -> None:
    selector = parse_label_selector(
        {"matchExpressions": [{"key": "a", "operator": operator, "values": list(values)}]}
    )

    assert selector.matches({"a": "1"}) is with_label
    assert selector.matches({"b": "1"}) is without


@pytest.mark.parametrize(
    "selector",
    [
        {"matchLabels": {"": "1"}},
        {"matchLabels": {"a b": "1"}},
        {"matchLabels": {"A.example/a": "1"}},
        {"matchLabels": {"a": "-1"}},
        {"matchLabels": {"a": "1" * 64}},
        {"matchLabels": {"a" * 64: "1"}},
        {"matchExpressions": [{"key": "a", "operator": "In"}]},
        {"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["1"]}]},
        {"matchExpressions": [{"key": "a/b/c", "operator": "Exists"}]},
        {"matchExpressions": [{"key": "a", "operator": "exists"}]},
    ],
)
def test_a_selector_that_no_label_can_satisfy_is_refused(selector: dict[str, object]) -> None:
    with pytest.raises(InvalidError):
        parse_label_selector(selector)  # type: ignore[arg-type]  # JSON, by its literals


def test_a_subject_is_cut_by_bytes() -> None:
    assert shorten_subject("é" * 41) == "é" * 38 + "\ufffd..."


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("*.md", "a.md", True),
        ("*.md", "a/b.md", False),
        ("**/*.md", "b.md", True),
        ("**/*.md", "a/b/c.md", True),
        ("a/**", "a", True),
        ("a/**", "ab", False),
        ("a/**/**", "a", True),
        ("a/**/b", "a/b", True),
        ("a**b", "a/b", False),
        ("a{b,**}", "a/x", False),
        ("{a,b/**}", "b/x/y", True),
        ("{a,{b,c}}", "c", True),
        ("x,**", "x,y/z", False),
        ("?", "/", False),
        ("?", "é", True),
        ("[.-0]", "/", False),
        ("[.-0]", ".", True),
        ("[/]", "/", False),
        ("[!a]", "/", False),
        ("[^a-c]", "d", True),
        ("[z-a]", "m", False),
        (r"[a\]]", "]", True),
        (r"a\*", "a*", True),
        ("*", "caf\udce9", True),
    ],
)
def test_a_glob_matches_as_doublestar_does(
    pattern: str,
    path: str,
    matches: bool,  # noqa: FBT001 - a table
) -> None:
    assert matches_path(f"glob:{pattern}", path) is matches


@pytest.mark.parametrize(
    "pattern", ["[]", "[!]", "{", "}", "[a", "a\\", "{a,b}" * 9, "{" + "a," * 300 + "}", "a" * 2000]
)
def test_a_glob_that_cannot_be_used_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidError):
        matches_path(f"glob:{pattern}", "a")
