"""Selects the Git tags that a subscription wants, by SemVer, Lexical or NewestTag.

Source: Kargo ``pkg/controller/git/commit``, tag-based selectors.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice

from promotions.engine.expressions.criteria import CriteriaFilter
from promotions.engine.selection.patterns import PathFilter
from promotions.engine.selection.tagnames import TagRules, names_last_first, versions_newest_first

LARGEST_OBSERVATION = 1000

_TAGS = "refs/tags/"


class TagStrategy(StrEnum):
    """How tags are put in order."""

    SEMVER = "SemVer"
    LEXICAL = "Lexical"
    NEWEST = "NewestTag"


@dataclass(frozen=True, slots=True)
class TagMetadata:
    """What a listing says about one tag and the commit it stands for.

    Attributes:
        id: The commit, dereferenced if the tag is annotated.
        created_at: When the tag was made; of a light-weight tag, the commit.
    """

    tag: str
    id: str
    created_at: datetime
    author: str = ""
    committer: str = ""
    subject: str = ""
    tagger: str = ""
    annotation: str = ""


TagPaths = Callable[[TagMetadata], Iterable[str]]
"""Answers which paths the tagged commit changed; asked only when it matters."""


def select_tags(
    tags: Iterable[TagMetadata],
    *,
    strategy: TagStrategy,
    rules: TagRules,
    changed_paths: TagPaths,
    limit: int = 0,
    paths: PathFilter | None = None,
    accepts: CriteriaFilter | None = None,
) -> list[TagMetadata]:
    """Return at most ``limit`` tags that pass, best first; no limit if it is 0.

    Args:
        tags: Newest first.
        strategy: What makes one tag better than another.
        rules: What the names must be like; version rules count for SemVer only.
        changed_paths: Asked in order, until enough tags pass.
        limit: How many are wanted.
        paths: What the tagged commit must have changed.
        accepts: Filter over the tag's variables.

    Raises:
        InvalidError: A pattern or constraint is malformed, or the filter failed.
    """
    _check(strategy, rules)
    accepts_name = rules.name_test()
    named = (tag for tag in tags if accepts_name(tag.tag))
    kept = {tag.tag: tag for tag in named if accepts is None or accepts(tag_variables(tag))}
    ordered = (kept[name] for name in _ordered(kept, strategy, rules))
    passing = (tag for tag in ordered if not paths or paths.passes(changed_paths(tag)))
    return list(islice(passing, limit or None))


def accepts_tag(tag: str, *, strategy: TagStrategy, rules: TagRules) -> bool:
    """Return whether the name alone lets the tag through.

    Raises:
        InvalidError: An expression or the constraint is malformed.
    """
    if not rules.accepts_name(tag):
        return False
    return strategy is not TagStrategy.SEMVER or rules.accepts_version(tag)


def tag_matches_ref(ref: str, *, strategy: TagStrategy, rules: TagRules) -> bool:
    """Return whether a push to ``ref`` concerns a subscription to tags.

    Raises:
        InvalidError: An expression or the constraint is malformed.
    """
    if not ref.startswith(_TAGS):
        return False
    return accepts_tag(ref.removeprefix(_TAGS), strategy=strategy, rules=rules)


def tag_variables(tag: TagMetadata) -> dict[str, object]:
    """Return what an expression filter may ask of a tag."""
    return {
        "tag": tag.tag,
        "id": tag.id,
        "creatorDate": tag.created_at,
        "author": tag.author,
        "committer": tag.committer,
        "subject": tag.subject,
        "tagger": tag.tagger,
        "annotation": tag.annotation,
    }


def _check(strategy: TagStrategy, rules: TagRules) -> None:
    if strategy is TagStrategy.SEMVER:
        rules.check()


def _ordered(tags: Iterable[str], strategy: TagStrategy, rules: TagRules) -> Iterable[str]:
    match strategy:
        case TagStrategy.SEMVER:
            return versions_newest_first(tags, rules)
        case TagStrategy.LEXICAL:
            return names_last_first(tags)
        case TagStrategy.NEWEST:
            return tags
