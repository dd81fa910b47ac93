"""``POST P/promotion-requests/{request}/approvals``."""

from rest_framework.request import Request
from rest_framework.response import Response

from promotions.api.v1.approval_view import ApprovalView


class JudgePromotionRequest(ApprovalView):
    """Whoever may see it may ask; whose approval counts is for the service to say."""

    access_resource = "promotionrequests"
    access_verb = "get"

    def post(self, request: Request, **names: str) -> Response:
        return self.judge(request, names)
