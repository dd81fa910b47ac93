"""``GET P/promotion-requests``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView
from promotions.api.v1.named_pages import named_page
from promotions.manifests.writers import write_manifest
from promotions.selectors.promotion_requests import requests_in


class ListPromotionRequests(ProjectView):
    """By name, which of one Stage is their age."""

    access_resource = "promotionrequests"
    access_verb = "list"

    def get(self, request: Request, **_: str) -> Response:
        query = request.query_params
        rows = requests_in(self.project)
        if query.get("stage"):
            rows = rows.filter(stage__name=query["stage"])
        page, after = named_page(rows, query)
        return Response({"items": [write_manifest(row) for row in page], "after": after})
