"""``GET P/promotions``."""

from collections.abc import Sequence
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from common.collection import no_collection
from projects.rest import ProjectView
from promotions.api.v1beta1.lists import chosen, list_document, revision_now, versions_of
from promotions.manifests import promotion as manifests
from promotions.manifests.rendered import Rendering, rendered, version_of
from promotions.models import Promotion
from promotions.selectors.promotions import promotions_in


class ListPromotions(ProjectView):
    """By name, which within a Stage is by age."""

    access_resource = "promotions"
    access_verb = "list"

    @no_collection()
    def get(self, request: Request, **_: str) -> Response:
        revision = revision_now()
        rows = promotions_in(self.project)
        stage = request.query_params.get("stage")
        if stage:
            rows = rows.filter(stage__name=stage)

        def fetch(uids: Sequence[UUID] | None) -> list[Promotion]:
            wanted = chosen(rows, uids)
            found = list(wanted.prefetch_related("step_executions", "freight__artifacts"))
            manifests.fetch_others(found)
            return found

        versions = versions_of(rows)
        items = rendered(versions, Rendering(fetch, version_of, manifests.to_manifest))
        return Response(list_document("Promotion", items, revision=revision))
