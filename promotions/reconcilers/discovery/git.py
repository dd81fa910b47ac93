"""Finds the commits that a Git subscription wants, without fetching when nothing has moved.

Source: Kargo ``pkg/controller/warehouses`` git discovery.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text
from common.redaction import redact
from promotions.engine.expressions.criteria import CriteriaFilter, compile_filter
from promotions.engine.selection.commits import CommitMetadata, select_commits, shorten_subject
from promotions.engine.selection.patterns import PathFilter
from promotions.engine.selection.tagnames import TagRules, tag_rules
from promotions.engine.selection.tags import (
    LARGEST_OBSERVATION,
    TagMetadata,
    TagStrategy,
    accepts_tag,
    select_tags,
)
from promotions.ports.git import GitRepositories, RefListing, RefNotFoundError, Remote

NEWEST_FROM_BRANCH = "NewestFromBranch"
DEFAULT_LIMIT = 20


@dataclass(frozen=True, slots=True)
class _Subscription:
    repo_url: str
    name: str
    branch: str
    strategy: str
    limit: int
    rules: TagRules
    paths: PathFilter | None
    expression: str
    now: datetime
    since: str


def discover_commits(
    document: JSONObject,
    *,
    name: str,
    repositories: GitRepositories,
    remote: Remote,
    prior: JSONObject | None,
    now: datetime,
    max_age: timedelta = timedelta(0),
) -> dict[str, JSONValue]:
    """Return Kargo's GitDiscoveryResult for one subscription.

    Args:
        document: The subscription's ``git`` object.
        name: The subscription's name; empty if it has none.
        repositories: Where to read.
        remote: The repository, with credentials.
        prior: The last result for the same subscription, reused when its refs have not moved.
        now: What ``now()`` in the filter gives.
        max_age: How old the listing of refs may be that another Warehouse has asked for.

    Raises:
        GitError: The repository cannot be read.
        InvalidError: A pattern, constraint or expression is malformed.
    """
    wanted = _subscription(document, name, now)
    listing = repositories.list_refs(remote, max_age=max_age)
    observed = _observed(wanted, listing)
    if observed and prior and as_object(prior.get("observedRefs")) == observed:
        return dict(prior)
    if wanted.strategy == NEWEST_FROM_BRANCH:
        commits = _branch_commits(wanted, listing, repositories, remote)
    else:
        commits = _tagged_commits(wanted, repositories, remote)
    result: dict[str, JSONValue] = {"repoURL": wanted.repo_url}
    if wanted.name:
        result["subscriptionName"] = wanted.name
    result["commits"] = commits
    if observed:
        result["observedRefs"] = observed
    return result


def _subscription(document: JSONObject, name: str, now: datetime) -> _Subscription:
    limit = document.get("discoveryLimit")
    include = tuple(as_text(it) for it in as_list(document.get("includePaths")))
    exclude = tuple(as_text(it) for it in as_list(document.get("excludePaths")))
    return _Subscription(
        repo_url=as_text(document.get("repoURL")),
        name=name,
        branch=as_text(document.get("branch")),
        strategy=as_text(document.get("commitSelectionStrategy")) or NEWEST_FROM_BRANCH,
        limit=limit if isinstance(limit, int) else DEFAULT_LIMIT,
        rules=tag_rules(document, constraint=as_text(document.get("semverConstraint"))),
        paths=PathFilter(include, exclude) if include or exclude else None,
        expression=as_text(document.get("expressionFilter")),
        now=now,
        since=as_text(document.get("since")),
    )


def _filter(wanted: _Subscription) -> CriteriaFilter | None:
    return compile_filter(wanted.expression, now=wanted.now) if wanted.expression else None


def _observed(wanted: _Subscription, listing: RefListing) -> dict[str, JSONValue]:
    """Return what decides whether anything moved; empty if that cannot be told."""
    if wanted.strategy == NEWEST_FROM_BRANCH:
        head = listing.branch(wanted.branch)
        return {"branchHead": head} if head else {}
    strategy = TagStrategy(wanted.strategy)
    tags = {
        tag: object_id
        for tag, object_id in listing.tags().items()
        if accepts_tag(tag, strategy=strategy, rules=wanted.rules)
    }
    if len(tags) > LARGEST_OBSERVATION:
        return {}
    return {"tags": [{"name": tag, "id": tags[tag]} for tag in sorted(tags)]}


def _branch_commits(
    wanted: _Subscription, listing: RefListing, repositories: GitRepositories, remote: Remote
) -> list[JSONValue]:
    if not listing.branch(wanted.branch):
        branch = f'branch "{wanted.branch}"' if wanted.branch else "default branch"
        url = redact(wanted.repo_url)
        raise RefNotFoundError(
            f"The repository {url} has no {branch}; push one, or name another in the subscription."
        )
    changed: dict[str, tuple[str, ...]] = {}

    def history() -> Iterator[CommitMetadata]:
        for commit in repositories.walk(
            remote,
            branch=wanted.branch,
            since=wanted.since,
            with_paths=wanted.paths is not None,
            at=listing.branch(wanted.branch),
        ):
            changed[commit.id] = commit.changed_paths
            yield CommitMetadata(
                id=commit.id,
                committed_at=commit.committed_at,
                author=commit.author,
                committer=commit.committer,
                subject=commit.subject,
            )

    selected = select_commits(
        history(),
        changed_paths=lambda commit: changed[commit.id],
        limit=wanted.limit,
        paths=wanted.paths,
        accepts=_filter(wanted),
    )
    return [_commit_document(commit, branch=wanted.branch) for commit in selected]


def _commit_document(commit: CommitMetadata, *, branch: str) -> dict[str, JSONValue]:
    document: dict[str, JSONValue] = {"id": commit.id}
    if branch:
        document["branch"] = branch
    return {
        **document,
        "subject": shorten_subject(commit.subject),
        "author": commit.author,
        "committer": commit.committer,
        "creatorDate": commit.committed_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _tagged_commits(
    wanted: _Subscription, repositories: GitRepositories, remote: Remote
) -> list[JSONValue]:
    tags = [
        TagMetadata(
            tag=it.tag,
            id=it.id,
            created_at=it.created_at,
            author=it.author,
            committer=it.committer,
            subject=it.subject,
            tagger=it.tagger,
            annotation=it.annotation,
        )
        for it in repositories.tags(remote)
    ]
    changed = repositories.changed_paths(remote, [it.id for it in tags]) if wanted.paths else {}
    selected = select_tags(
        tags,
        strategy=TagStrategy(wanted.strategy),
        rules=wanted.rules,
        changed_paths=lambda tag: changed.get(tag.id, ()),
        limit=wanted.limit,
        paths=wanted.paths,
        accepts=_filter(wanted),
    )
    return [
        {
            "id": tag.id,
            "tag": tag.tag,
            "subject": shorten_subject(tag.subject),
            "author": tag.author,
            "committer": tag.committer,
            "creatorDate": tag.created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        for tag in selected
    ]
