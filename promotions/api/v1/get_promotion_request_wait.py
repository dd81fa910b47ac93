"""``GET P/promotion-requests/{request}/waiting``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView
from promotions.manifests.reasons import reasons_to
from promotions.selectors.promotion_requests import request_named
from promotions.selectors.waiting import waiting_for


class GetPromotionRequestWait(ProjectView):
    """What a promotion request waits for, and how far it is; of one that has ended, nothing."""

    access_resource = "promotionrequests"
    access_verb = "get"

    def get(self, _request: Request, *, promotion_request: str, **_: str) -> Response:
        found = request_named(self.project, promotion_request)
        reasons = reasons_to(waiting_for(found, now=self.now))
        return Response({"promotionRequest": found.name, "phase": found.phase, "reasons": reasons})
