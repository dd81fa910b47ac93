"""``GET P/freight``."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from common.collection import no_collection
from common.rest.requests import list_of
from projects.models import Project
from projects.rest import ProjectView
from promotions.api.v1beta1.freight_groups import GroupBy, Grouping, grouped, grouping_from
from promotions.api.v1beta1.lists import chosen, revision_now, versions_of
from promotions.manifests import freight as manifests
from promotions.manifests.rendered import Rendering, Version, rendered_by_uid, version_of
from promotions.models import Freight
from promotions.selectors.availability import available_to
from promotions.selectors.freight import freight_in
from promotions.selectors.stages import stage_named


class ListFreight(ProjectView):
    """Groups of Freight: what is available to ``stage``, else what came from ``origins``."""

    access_resource = "freights"
    access_verb = "list"

    @no_collection()
    def get(self, request: Request, **_: str) -> Response:
        revision = revision_now()
        grouping = grouping_from(request.query_params)
        stage = request.query_params.get("stage") or ""
        rows = self._freight(stage, origins=list_of(request.query_params, "origins"))
        groups = _versions(rows, grouping)
        answer: dict[str, Any] = {"groups": _written(groups, rows, self.project)}
        if revision and not stage:
            answer["resourceVersion"] = revision
        return Response(answer)

    def _freight(self, stage: str, *, origins: list[str]) -> QuerySet[Freight]:
        rows = freight_in(self.project)
        if stage:
            available = available_to(stage_named(self.project, stage), now=self.now)
            return rows.filter(pk__in=[item.pk for item in available])
        return rows.filter(warehouse__name__in=origins) if origins else rows


def _versions(rows: QuerySet[Freight], grouping: Grouping) -> dict[str, list[Version]]:
    """Return what is in each group, in order; without groups only versions are read."""
    if grouping.group_by is GroupBy.NOTHING:
        versions = versions_of(rows)
        return {"": versions[::-1] if grouping.is_reversed else versions}
    groups = grouped(rows, grouping)
    return {key: [version_of(item) for item in items] for key, items in groups.items()}


def _written(
    groups: Mapping[str, list[Version]], rows: QuerySet[Freight], project: Project
) -> dict[str, dict[str, Any]]:
    """Return groups of manifests; what is in several groups is written once."""

    def fetch(uids: Sequence[UUID] | None) -> list[Freight]:
        return manifests.fetch_for(chosen(rows, uids), project)

    how = Rendering(fetch, version_of, manifests.to_manifest)
    found = rendered_by_uid(_distinct(groups), how)
    return {
        key: {"items": [found[it.uid] for it in members if it.uid in found]}
        for key, members in groups.items()
    }


def _distinct(groups: Mapping[str, Iterable[Version]]) -> list[Version]:
    return list(dict.fromkeys(version for members in groups.values() for version in members))
