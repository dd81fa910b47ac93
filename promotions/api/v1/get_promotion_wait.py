"""``GET P/promotions/{promotion}/waiting``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView
from promotions.manifests.reasons import reasons_to
from promotions.selectors.timeline import promotion_named
from promotions.selectors.waiting import waiting_for


class GetPromotionWait(ProjectView):
    """What a promotion waits for; of one that has ended, nothing."""

    access_resource = "promotions"
    access_verb = "get"

    def get(self, _request: Request, *, promotion: str, **_: str) -> Response:
        found = promotion_named(self.project, promotion)
        reasons = reasons_to(waiting_for(found, now=self.now))
        return Response({"promotion": found.name, "phase": found.phase, "reasons": reasons})
