"""Selects the commits of a branch that a subscription wants, newest first.

Source: Kargo ``pkg/controller/git/commit`` NewestFromBranch.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from promotions.engine import gostrings
from promotions.engine.expressions.criteria import CriteriaFilter
from promotions.engine.selection.patterns import PathFilter

LONGEST_SUBJECT = 80
LARGEST_BATCH = 1000

_ELLIPSIS = "..."
_HEADS = "refs/heads/"
_DEFAULT_BRANCHES = frozenset({"main", "master"})


@dataclass(frozen=True, slots=True)
class CommitMetadata:
    """What a log says about one commit; ``author`` and ``committer`` are ``Name <address>``."""

    id: str
    committed_at: datetime
    author: str = ""
    committer: str = ""
    subject: str = ""


ChangedPaths = Callable[[CommitMetadata], Iterable[str]]
"""Answers which paths a commit changed against its first parent; asked only when it matters."""


def select_commits(
    commits: Iterable[CommitMetadata],
    *,
    changed_paths: ChangedPaths,
    limit: int,
    paths: PathFilter | None = None,
    accepts: CriteriaFilter | None = None,
) -> list[CommitMetadata]:
    """Return at most ``limit`` commits that pass, in the order given.

    ``commits`` is read no further than needed, so it may be a generator that reads the log in
    batches (:func:`batch_sizes`). The filter, of the commit's variables, is asked first, then the
    paths.

    Raises:
        InvalidError: A path pattern is malformed, or the filter failed.
    """
    wanted = (
        commit
        for commit in commits
        if (accepts is None or accepts(commit_variables(commit)))
        and (not paths or paths.passes(changed_paths(commit)))
    )
    return list(islice(wanted, limit))


def batch_sizes(*, limit: int, filtered: bool) -> Iterator[int]:
    """Yield how many commits to read at a time: the limit, then doubling up to 1000.

    Without a filter one batch of ``limit`` is enough, and there is no second.
    """
    size = limit
    yield size
    while filtered:
        size = min(size * 2, LARGEST_BATCH)
        yield size


def commit_variables(commit: CommitMetadata) -> dict[str, object]:
    """Return what an expression filter may ask of a commit."""
    return {
        "id": commit.id,
        "commitDate": commit.committed_at,
        "author": commit.author,
        "committer": commit.committer,
        "subject": commit.subject,
    }


def shorten_subject(subject: str, *, limit: int = LONGEST_SUBJECT) -> str:
    """Return ``subject`` if it fits, else its beginning and three dots, ``limit`` bytes in all."""
    if gostrings.size(subject) <= limit or limit < len(_ELLIPSIS):
        return subject
    return gostrings.first_bytes(subject, limit - len(_ELLIPSIS)) + _ELLIPSIS


def branch_matches_ref(ref: str, *, branch: str) -> bool:
    """Return whether a push to ``ref`` concerns a subscription to ``branch``.

    Without a configured branch, a push to ``main`` or ``master`` does.
    """
    if not ref.startswith(_HEADS):
        return False
    name = ref.removeprefix(_HEADS)
    return name == branch if branch else name in _DEFAULT_BRANCHES
