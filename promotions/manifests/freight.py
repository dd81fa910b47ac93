"""The manifest of Freight: what is in it, and where it has been."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from posixpath import join, normpath
from typing import Annotated, Any, ClassVar, TypeAlias

from django.db.models import Prefetch, QuerySet
from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from common.errors import FieldProblem, InvalidError
from common.jsontypes import JSONObject, as_list, as_object, as_text
from projects.models import Project
from promotions.engine.expressions.gotime.durations import format_duration
from promotions.engine.freight import (
    ORIGIN_KIND,
    FreightOrigin,
    freight_name,
)
from promotions.engine.urls import normalise_chart_url, normalise_git_url
from promotions.manifests.freight_contents import (
    artifact_from,
    artifact_lists,
    chart_from,
    commit_from,
    image_from,
)
from promotions.manifests.metadata import (
    ALIAS_LABEL,
    GeneratedMetadata,
    Manifest,
    manifest_to,
    metadata_to,
    present,
    timestamp,
)
from promotions.manifests.schema import (
    LONGEST_LABEL,
    Json,
    Model,
    Origin,
    Strings,
    Text,
    as_json,
    matching,
)
from promotions.manifests.times import check_time
from promotions.models import Freight, FreightArtifact, StageFreight, Warehouse

Lists: TypeAlias = Mapping[str, list[dict[str, Any]]]
"""``commits``, ``images``, ``charts`` and ``artifacts`` as a manifest has them; no empty ones."""

Alias = Annotated[
    str,
    matching(
        r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?",
        "an alias of at most 63 letters, digits, '-', '_' and '.'",
        longest=LONGEST_LABEL,
    ),
]
_ALIAS: TypeAdapter[str] = TypeAdapter(Alias)


class _Part(Model):
    blank_is_absent: ClassVar[bool] = True
    subscription_name: str | None = None


class CommitPart(_Part):
    """One entry of ``commits``."""

    repo_url: Text = Field(alias="repoURL")
    id: Text
    branch: str | None = None
    tag: str | None = None
    message: str | None = None
    author: str | None = None
    committer: str | None = None


class ImagePart(_Part):
    """One entry of ``images``."""

    repo_url: Text = Field(alias="repoURL")
    tag: str | None = None
    digest: str | None = None
    annotations: Strings | None = None


class ChartPart(_Part):
    """One entry of ``charts``."""

    repo_url: Text = Field(alias="repoURL")
    name: str | None = None
    version: Text


class ArtifactPart(Model):
    """One entry of ``artifacts``."""

    artifact_type: Text | None = None
    subscription_name: Text
    version: Text
    metadata: Json = None


class FreightManifest(Manifest):
    """Freight as somebody wrote it; it has no spec, and its name is computed."""

    metadata: GeneratedMetadata
    alias: Alias | None = None
    discovered_at: Annotated[str, AfterValidator(check_time)] | None = None
    origin: Origin
    commits: list[CommitPart] | None = None
    images: list[ImagePart] | None = None
    charts: list[ChartPart] | None = None
    artifacts: list[ArtifactPart] | None = None
    blank_is_absent: ClassVar[bool] = True

    def lists(self) -> dict[str, list[dict[str, Any]]]:
        """Return the contents as they will be stored."""
        parts: dict[str, Iterable[Model]] = {
            "commits": self.commits or [],
            "images": self.images or [],
            "charts": self.charts or [],
            "artifacts": self.artifacts or [],
        }
        written = {name: [as_json(item) for item in items] for name, items in parts.items()}
        return {name: items for name, items in written.items() if items}


def problems(manifest: FreightManifest) -> Iterator[FieldProblem]:
    """Yield what is wrong with Freight by itself; see also :func:`coverage_problems`."""
    if not manifest.lists():
        yield FieldProblem("", "must have at least one of commits, images, charts, artifacts")


def check_alias(text: str) -> None:
    """Accept what may be an alias.

    Raises:
        InvalidError: It may not.
    """
    try:
        _ALIAS.validate_python(text)
    except ValidationError as error:
        reason = error.errors()[0]["msg"]
        raise InvalidError(f'The alias {reason}, not "{text[:99]}".', code="bad_alias") from error


def name_of(warehouse: str, lists: Lists) -> str:
    """Return the name of Freight with these contents."""
    return freight_name(
        FreightOrigin(warehouse),
        commits=map(commit_from, lists.get("commits", [])),
        images=map(image_from, lists.get("images", [])),
        charts=map(chart_from, lists.get("charts", [])),
        artifacts=map(artifact_from, lists.get("artifacts", [])),
    )


def coverage_problems(lists: Lists, warehouse_spec: JSONObject) -> Iterator[FieldProblem]:
    """Yield artifacts without a subscription, and subscriptions without exactly one artifact.

    Source: Kargo's Freight webhook, validateFreightArtifacts.
    """
    wanted = dict(_subscribed(warehouse_spec))
    found: Counter[str] = Counter()
    for name, key_of in _KEYS.items():
        for index, item in enumerate(lists.get(name, [])):
            key = key_of(item)
            found[key] += 1
            path = f"{name}[{index}]"
            if key not in wanted:
                reason = f'the Warehouse has no subscription for "{as_text(item.get("repoURL"))}"'
                yield FieldProblem(path, reason)
            elif found[key] > 1:
                yield FieldProblem(path, f"there is more than one artifact of {wanted[key]}")
    for key, shown in wanted.items():
        if not found[key]:
            yield FieldProblem(key.partition(" ")[0], f"there is no artifact of {shown}")


def to_manifest(freight: Freight) -> dict[str, Any]:
    """Write Freight as Kargo's JSON.

    Reads its project, Warehouse, artifacts and standings with their Stages: prefetch for many.
    """
    metadata = metadata_to(
        freight, namespace=freight.project.name, labels={ALIAS_LABEL: freight.alias}
    )
    parts: dict[str, Any] = {
        "alias": freight.alias or None,
        "discoveredAt": timestamp(freight.discovered_at),
        "origin": {"kind": ORIGIN_KIND, "name": freight.warehouse.name},
        **artifact_lists(freight.artifacts.all()),
    }
    return manifest_to("Freight", metadata, **parts, status=_status(freight) or None)


def fetch_for(rows: QuerySet[Freight], project: Project) -> list[Freight]:
    """Return Freight of one project with all that writing it reads, and no more than that.

    Four queries, however many there are; nothing that is the same for all is read for each.
    """
    # Joined, not prefetched: SQLite cannot take a thousand Stages by their keys.
    standings = StageFreight.objects.select_related("stage").only(
        *("freight", "current_since", "verified_at", "longest_soak", "approved_at"),
        "stage__name",
    )
    artifacts = FreightArtifact.objects.only("freight", "kind", "position", "document")
    freight = list(
        rows.select_related(None)
        .prefetch_related(None)
        .prefetch_related(Prefetch("artifacts", artifacts), Prefetch("standings", standings))
    )
    named = Warehouse.everything.filter(project=project).only("name").in_bulk()
    for item in freight:
        item.project, item.warehouse = project, named[item.warehouse_id]
    return freight


def _status(freight: Freight) -> dict[str, Any]:
    currently: dict[str, Any] = {}
    verified: dict[str, Any] = {}
    approved: dict[str, Any] = {}
    for row in sorted(freight.standings.all(), key=lambda it: it.pk):
        stage = row.stage.name
        if row.current_since is not None:
            currently[stage] = {"since": timestamp(row.current_since)}
        if row.verified_at is not None:
            verified[stage] = {"verifiedAt": timestamp(row.verified_at)}
            if row.longest_soak is not None:
                verified[stage]["longestSoak"] = format_duration(
                    row.longest_soak // timedelta(microseconds=1) * 1000
                )
        if row.approved_at is not None:
            approved[stage] = {"approvedAt": timestamp(row.approved_at)}
    return present(
        {
            "currentlyIn": currently,
            "verifiedIn": verified,
            "approvedFor": approved,
            "metadata": freight.metadata,
        }
    )


def _subscribed(warehouse_spec: JSONObject) -> Iterator[tuple[str, str]]:
    for subscription in map(as_object, as_list(warehouse_spec.get("subscriptions"))):
        for kind, name in (("git", "commits"), ("image", "images"), ("chart", "charts")):
            if kind in subscription:
                repository = as_object(subscription[kind])
                yield _KEYS[name](repository), f'"{as_text(repository.get("repoURL"))}"'


def _commit_key(item: JSONObject) -> str:
    return f"commits {normalise_git_url(as_text(item.get('repoURL')))}"


def _image_key(item: JSONObject) -> str:
    return f"images {as_text(item.get('repoURL'))}"


def _chart_key(item: JSONObject) -> str:
    url = normalise_chart_url(as_text(item.get("repoURL")))
    return f"charts {normpath(join(url, as_text(item.get('name'))))}"


_KEYS = {"commits": _commit_key, "images": _image_key, "charts": _chart_key}
