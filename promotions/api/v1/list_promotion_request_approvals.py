"""``GET P/promotion-requests/{request}/approvals``."""

from rest_framework.request import Request
from rest_framework.response import Response

from promotions.api.v1.approval_view import ApprovalView


class ListPromotionRequestApprovals(ApprovalView):
    access_resource = "promotionrequests"
    access_verb = "get"

    def get(self, _request: Request, **names: str) -> Response:
        return self.standing(self.subject(names))
