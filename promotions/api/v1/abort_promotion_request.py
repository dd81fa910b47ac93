"""``POST P/promotion-requests/{request}/abort``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView, done
from promotions.selectors.promotion_requests import request_named
from promotions.services.promotion_requests import abort_promotion_request


class AbortPromotionRequest(ProjectView):
    """Its promotions are aborted, and it ends then; one that has ended stays as it is."""

    access_resource = "promotionrequests"
    access_verb = "patch"
    access_name_in = "promotion_request"

    def post(self, _request: Request, *, promotion_request: str, **_: str) -> Response:
        found = request_named(self.project, promotion_request)
        abort_promotion_request(found, actor=self.actor, reason="", now=self.now)
        return done()
