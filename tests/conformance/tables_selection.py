"""Runs the table cases of selection: patterns, tags, commits, images, charts and labels."""

from collections.abc import Callable
from datetime import datetime

from promotions.engine.expressions.criteria import CriteriaFilter, compile_filter
from promotions.engine.selection.charts import select_chart_versions
from promotions.engine.selection.commits import (
    CommitMetadata,
    branch_matches_ref,
    select_commits,
    shorten_subject,
)
from promotions.engine.selection.images import ImageDetails, ImageStrategy, select_images
from promotions.engine.selection.labels import parse_label_selector
from promotions.engine.selection.patterns import PathFilter, matches_name, matches_path
from promotions.engine.selection.tagnames import TagRules
from promotions.engine.selection.tags import (
    TagMetadata,
    TagStrategy,
    select_tags,
    tag_matches_ref,
)
from tests.conformance.vectors import Case


def _rules(case: Case) -> TagRules:
    return TagRules(
        allow=tuple(case.get("allow_tags_regexes") or ()),
        ignore=tuple(case.get("ignore_tags_regexes") or ()),
        constraint=case.get("constraint") or "",
        strict=bool(case.get("strict_semvers")),
    )


def _paths(case: Case) -> PathFilter:
    return PathFilter(tuple(case.get("include") or ()), tuple(case.get("exclude") or ()))


def _matches_ref(case: Case) -> object:
    if case["strategy"] in ("", "NewestFromBranch"):
        return branch_matches_ref(case["ref"], branch=case.get("branch") or "")
    return tag_matches_ref(case["ref"], strategy=TagStrategy(case["strategy"]), rules=_rules(case))


def _tags(case: Case) -> object:
    paths = {it["tag"]: it["paths"] for it in case["tags"]}
    tags = [
        TagMetadata(
            created_at=datetime.fromisoformat(it["date"]),
            **{key: it[key] for key in it if key not in ("date", "paths")},
        )
        for it in case["tags"]
    ]
    found = select_tags(
        tags,
        strategy=TagStrategy(case["strategy"]),
        rules=_rules(case),
        changed_paths=lambda tag: paths[tag.tag],
        limit=case.get("discovery_limit") or 0,
        paths=_paths(case),
        accepts=_filter(case),
    )
    return [tag.tag for tag in found]


def _filter(case: Case) -> CriteriaFilter | None:
    expression = case.get("expression_filter")
    return compile_filter(expression) if expression else None


def _commits(case: Case) -> object:
    paths = {it["id"]: it["paths"] for it in case["commits"]}
    commits = [
        CommitMetadata(
            it["id"],
            datetime.fromisoformat(it["date"]),
            it["author"],
            it["committer"],
            it["subject"],
        )
        for it in case["commits"]
    ]
    found = select_commits(
        commits,
        changed_paths=lambda commit: paths[commit.id],
        limit=case["discovery_limit"],
        paths=_paths(case),
        accepts=_filter(case),
    )
    return [commit.id for commit in found]


def _images(case: Case) -> object:
    details = {
        it["tag"]: ImageDetails(
            it["tag"], "", datetime.fromisoformat(it["created_at"]), frozenset(it["platforms"])
        )
        for it in case["images"]
    }
    found = select_images(
        details,
        strategy=ImageStrategy(case["strategy"] or "SemVer"),
        rules=_rules(case),
        describe=details.get,
        limit=case.get("discovery_limit") or 0,
        platform=case.get("platform") or "",
    )
    return [image.tag for image in found]


VALUES: dict[str, Callable[[Case], object]] = {
    "name_pattern": lambda case: matches_name(case["pattern"], case["input"]),
    "path_pattern": lambda case: matches_path(case["pattern"], case["input"]),
    "path_filter": lambda case: _paths(case).passes(case["paths"]),
    "matches_ref": _matches_ref,
    "git_tags": _tags,
    "git_commits": _commits,
    "shorten": lambda case: shorten_subject(case["input"], limit=case["max_len"]),
    "image_select": _images,
    "chart_select": lambda case: select_chart_versions(
        case["versions"],
        repo_url=case["repo_url"],
        constraint=case["constraint"],
        limit=case["discovery_limit"],
    ),
    "label_selector": lambda case: parse_label_selector(case["selector"]).matches(case["labels"]),
}
WHOLES: dict[str, Callable[[Case], object]] = {}
