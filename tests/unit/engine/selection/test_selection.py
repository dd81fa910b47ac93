from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from common.errors import InvalidError
from promotions.engine.expressions.criteria import compile_filter
from promotions.engine.selection.commits import (
    CommitMetadata,
    batch_sizes,
    branch_matches_ref,
    select_commits,
    shorten_subject,
)
from promotions.engine.selection.images import ImageDetails, ImageStrategy, select_images
from promotions.engine.selection.labels import parse_label_selector
from promotions.engine.selection.patterns import PathFilter, matches_name, matches_path
from promotions.engine.selection.stages import parse_stage_selector
from promotions.engine.selection.tagnames import TagRules

NOW = datetime(2024, 4, 20, tzinfo=UTC)


def commits(count: int) -> Iterator[CommitMetadata]:
    for index in range(count):
        subject = "skip" if index % 2 else "keep"
        yield CommitMetadata(f"c{index}", NOW - timedelta(days=index), subject=subject)


def test_history_is_read_no_further_than_needed() -> None:
    log = commits(1000)

    found = select_commits(log, changed_paths=lambda _: (), limit=2)

    assert [it.id for it in found] == ["c0", "c1"]
    assert next(log).id == "c2"


def test_paths_are_asked_only_of_commits_that_the_expression_keeps() -> None:
    asked: list[str] = []

    def changed(commit: CommitMetadata) -> list[str]:
        asked.append(commit.id)
        return ["src/a"]

    select_commits(
        commits(4),
        changed_paths=changed,
        limit=9,
        paths=PathFilter(("src",)),
        accepts=compile_filter("subject == 'keep'"),
    )

    assert asked == ["c0", "c2"]


def test_batches_double_up_to_a_thousand_when_filtering() -> None:
    assert list(islice(batch_sizes(limit=300, filtered=True), 4)) == [300, 600, 1000, 1000]
    assert list(batch_sizes(limit=20, filtered=False)) == [20]


@pytest.mark.parametrize(
    ("pattern", "path", "matched"),
    [
        ("src", "src/a.go", True),
        ("src", "srcs/a.go", False),
        (".", "anything", True),
        ("glob:**/*.md", "README.md", True),
        ("glob:docs/**", "docs/a/b", True),
        ("glob:*.{yaml,yml}", "a.yml", True),
        ("glob:[!a]*", "abc", False),
        ("glob:a\\*", "a*", True),
        ("glob:{a,b/**}", "b/c/d", True),
        ("regex:^src/", "src/x", True),
    ],
)
def test_a_path_pattern_decides(pattern: str, path: str, *, matched: bool) -> None:
    assert matches_path(pattern, path) is matched


@pytest.mark.parametrize("pattern", ["glob:[", "glob:{a", "glob:a}", "regex:(", "glob:\\"])
def test_a_malformed_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidError):
        matches_path(pattern, "x")


def test_a_plain_name_matches_itself_only() -> None:
    assert matches_name("dev", "dev")
    assert not matches_name("dev", "dev-1")


def test_exclusion_wins_over_inclusion() -> None:
    assert not PathFilter(("src",), ("glob:**/*_test.go",)).passes(["src/a_test.go"])


def test_a_commit_without_changes_never_passes_a_path_filter() -> None:
    assert not PathFilter(exclude=("docs",)).passes([])


def test_only_pushes_to_the_branch_concern_it() -> None:
    assert branch_matches_ref("refs/heads/main", branch="")
    assert not branch_matches_ref("refs/tags/main", branch="main")


def test_a_long_subject_ends_in_dots() -> None:
    assert shorten_subject("x" * 90) == "x" * 77 + "..."


def test_manifests_are_fetched_one_by_one_until_there_are_enough() -> None:
    fetched: list[str] = []

    def describe(tag: str) -> ImageDetails:
        fetched.append(tag)
        return ImageDetails(tag, "sha256:1", NOW)

    found = select_images(
        ["1.0.0", "1.2.0", "1.1.0"],
        strategy=ImageStrategy.SEMVER,
        rules=TagRules(),
        describe=describe,
        limit=1,
    )

    assert [it.tag for it in found] == fetched == ["1.2.0"]


def test_a_platform_must_have_an_operating_system_and_an_architecture() -> None:
    with pytest.raises(InvalidError, match="linux/amd64"):
        select_images(
            [],
            strategy=ImageStrategy.LEXICAL,
            rules=TagRules(),
            describe=lambda _: None,
            platform="linux",
        )


def test_a_label_selector_needs_everything_it_names() -> None:
    selector = parse_label_selector(
        {
            "matchLabels": {"env": "dev"},
            "matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["gold"]}],
        }
    )

    assert selector.matches({"env": "dev"})
    assert not selector.matches({"env": "dev", "tier": "gold"})


def test_an_unknown_operator_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidError, match="DoesNotExist"):
        parse_label_selector({"matchExpressions": [{"key": "a", "operator": "Is"}]})


def test_a_stage_selector_joins_name_and_labels() -> None:
    selector = parse_stage_selector({"name": "glob:dev-*", "matchLabels": {"a": "1"}})

    assert selector.matches("dev-1", {"a": "1"})
    assert not selector.matches("dev-1", {})
