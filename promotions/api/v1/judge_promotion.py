"""``POST P/promotions/{promotion}/approvals``."""

from rest_framework.request import Request
from rest_framework.response import Response

from promotions.api.v1.approval_view import ApprovalView


class JudgePromotion(ApprovalView):
    """Whoever may see it may ask; whose approval counts is for the service to say."""

    access_resource = "promotions"
    access_verb = "get"

    def post(self, request: Request, **names: str) -> Response:
        return self.judge(request, names)
