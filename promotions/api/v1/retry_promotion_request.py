"""``POST P/promotion-requests/{request}/retry``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView
from promotions.manifests.writers import write_manifest
from promotions.selectors.promotion_requests import request_named
from promotions.services.promote_rights import require_promote
from promotions.services.promotion_requests import retry_promotion_request


class RetryPromotionRequest(ProjectView):
    """Answers a new request for those targets that this one did not succeed with.

    Besides the right to create requests it asks for the right to promote to the Stage.
    """

    access_resource = "promotionrequests"
    access_verb = "create"

    def post(self, _request: Request, *, promotion_request: str, **_: str) -> Response:
        found = request_named(self.project, promotion_request)
        require_promote(self.actor, found.stage)
        made = retry_promotion_request(found, actor=self.actor, now=self.now)
        return Response(write_manifest(request_named(self.project, made.name)), status=201)
