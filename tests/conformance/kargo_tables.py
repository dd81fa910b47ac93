"""Runs the table cases that the pure core answers: names, URLs, patterns and selection."""

from collections.abc import Callable
from datetime import datetime

from common.errors import PlatformError
from promotions.engine.freight import FreightOrigin, canonical_freight, freight_name
from promotions.engine.names import promotion_name, shorten_with_hash
from promotions.engine.references import resolve_reference
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
from promotions.engine.urls import (
    normalise_chart_url,
    normalise_git_url,
    normalise_image_url,
    sanitise,
)
from tests.conformance.cases import NotImplementedYetError, Outcome
from tests.conformance.kargo_templates import reference
from tests.conformance.vectors import Case


def run(case: Case) -> Outcome:
    runner = _RUNNERS.get(case["op"])
    if runner is None:
        raise NotImplementedYetError(case["op"])
    expect = case["expect"]
    try:
        got = runner(case)
    except PlatformError as error:
        return Outcome.of_error(expect, error)
    if case["op"] in _WHOLE:
        return Outcome(got == expect, expect, got)
    return Outcome.of_value(expect, got)


def _freight_id(case: Case) -> object:
    found = reference(case["freight"])
    parts = {
        "commits": found.commits,
        "images": found.images,
        "charts": found.charts,
        "artifacts": found.artifacts,
    }
    return {
        "canonical": canonical_freight(found.origin, **parts),  # type: ignore[arg-type]  # as named
        "value": freight_name(found.origin, **parts),  # type: ignore[arg-type]  # as named
    }


def _origin(case: Case) -> object:
    origin = FreightOrigin.parse(case["input"])
    return {"kind": origin.kind, "name": origin.name}


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
        expression=case.get("expression_filter") or "",
    )
    return [tag.tag for tag in found]


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
        expression=case.get("expression_filter") or "",
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


def _reference(case: Case) -> object:
    found = resolve_reference(case["input"])
    return {
        "credential_type": "helm" if case["input"].startswith("oci://") else "image",
        "registry": found.registry,
        "repository": found.repository,
        "tag": found.tag,
        "digest": found.digest,
    }


def _shortened(case: Case) -> object:
    try:
        return shorten_with_hash(
            case["input"],
            limit=case["max_len"],
            separator=case["sep"],
            hash_length=case["hash_len"],
        )
    except ValueError:
        return case["input"]


_WHOLE = frozenset({"freight_id", "parse_origin", "oci_reference"})
_RUNNERS: dict[str, Callable[[Case], object]] = {
    "url_git": lambda case: normalise_git_url(case["input"]),
    "url_image": lambda case: normalise_image_url(case["input"]),
    "url_chart": lambda case: normalise_chart_url(case["input"]),
    "url_sanitize": lambda case: sanitise(case["input"]),
    "freight_id": _freight_id,
    "parse_origin": _origin,
    "promotion_name": lambda case: promotion_name(
        case["stage"], case["ulid"], case["freight_name"], case.get("target") or ""
    ),
    "hash_shorten": _shortened,
    "name_pattern": lambda case: matches_name(case["pattern"], case["input"]),
    "path_pattern": lambda case: matches_path(case["pattern"], case["input"]),
    "path_filter": lambda case: _paths(case).passes(case["paths"]),
    "matches_ref": _matches_ref,
    "git_tags": _tags,
    "git_commits": _commits,
    "shorten": lambda case: shorten_subject(case["input"], limit=case["max_len"]),
    "image_select": _images,
    "oci_reference": _reference,
    "chart_select": lambda case: select_chart_versions(
        case["versions"],
        repo_url=case["repo_url"],
        constraint=case["constraint"],
        limit=case["discovery_limit"],
    ),
    "label_selector": lambda case: parse_label_selector(case["selector"]).matches(case["labels"]),
}
