"""``GET P/promotions``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView
from promotions.api.v1beta1.lists import list_document, newest_revision
from promotions.manifests import promotion as manifests
from promotions.selectors.promotions import promotions_in


class ListPromotions(ProjectView):
    """By name, which within a Stage is by age."""

    access_resource = "promotions"
    access_verb = "list"

    def get(self, request: Request, **_: str) -> Response:
        rows = promotions_in(self.project).prefetch_related("step_executions", "freight__artifacts")
        stage = request.query_params.get("stage")
        promotions = list(rows.filter(stage__name=stage) if stage else rows)
        items = [manifests.to_manifest(promotion) for promotion in promotions]
        return Response(list_document("Promotion", items, revision=newest_revision(promotions)))
