"""``GET P/promotions/{promotion}``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView
from promotions.manifests import promotion as manifests
from promotions.selectors.timeline import promotion_named


class GetPromotion(ProjectView):
    access_resource = "promotions"
    access_verb = "get"
    access_name_in = "promotion"

    def get(self, _request: Request, *, promotion: str, **_: str) -> Response:
        return Response(manifests.to_manifest(promotion_named(self.project, promotion)))
