"""``GET P/stages``."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from common.collection import no_collection
from common.jsontypes import as_list, as_object, as_text
from common.rest.requests import list_of
from projects.rest import ProjectView
from promotions.api.v1beta1.lists import chosen, list_document, revision_now
from promotions.manifests import promotion as promotion_manifests, stage as manifests
from promotions.manifests.rendered import Rendering, Version, rendered
from promotions.manifests.stage_status import with_status
from promotions.models import Stage
from promotions.selectors.stages import stages_in


class ListStages(ProjectView):
    """``freightOrigins`` keeps the Stages that ask for Freight of any of those Warehouses."""

    access_resource = "stages"
    access_verb = "list"

    @no_collection()
    def get(self, request: Request, **_: str) -> Response:
        revision = revision_now()
        rows = stages_in(self.project)
        wanted = set(list_of(request.query_params, "freightOrigins"))
        if wanted:
            rows = rows.filter(pk__in=_asking(rows, wanted))
        versions = versions_of(rows)
        items = rendered(versions, rendering_of(rows))
        return Response(list_document("Stage", items, revision=revision))


def versions_of(rows: QuerySet[Stage]) -> list[Version]:
    """Return the versions of Stages, which change with the promotions that they show."""
    columns = ("current_promotion__revision", "last_promotion__revision")
    return [
        Version(uid, revision, tuple(others))
        for uid, revision, *others in rows.values_list("uid", "revision", *columns)
    ]


def rendering_of(rows: QuerySet[Stage]) -> Rendering[Stage]:
    """Return how those Stages are written."""

    def fetch(uids: Sequence[UUID] | None) -> list[Stage]:
        stages = list(with_status(chosen(rows, uids)))
        shown = [it for stage in stages for it in (stage.current_promotion, stage.last_promotion)]
        promotion_manifests.fetch_others([it for it in shown if it is not None])
        return stages

    return Rendering(fetch, _version_of, manifests.to_manifest)


def _version_of(stage: Stage) -> Version:
    promotions = (stage.current_promotion, stage.last_promotion)
    others = tuple(it.revision if it is not None else None for it in promotions)
    return Version(stage.uid, stage.revision, others)


def _asking(rows: QuerySet[Stage], origins: set[str]) -> list[int]:
    return [
        pk
        for pk, spec in rows.values_list("pk", "spec")
        for request in as_list(spec.get("requestedFreight"))
        if as_text(as_object(as_object(request).get("origin")).get("name")) in origins
    ]
