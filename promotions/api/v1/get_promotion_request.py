"""``GET P/promotion-requests/{request}``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView
from promotions.manifests.writers import write_manifest
from promotions.selectors.promotion_requests import request_named


class GetPromotionRequest(ProjectView):
    access_resource = "promotionrequests"
    access_verb = "get"
    access_name_in = "promotion_request"

    def get(self, _request: Request, *, promotion_request: str, **_: str) -> Response:
        return Response(write_manifest(request_named(self.project, promotion_request)))
