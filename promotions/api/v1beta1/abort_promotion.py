"""``POST P/promotions/{promotion}/abort``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView, done
from promotions.selectors.timeline import promotion_named
from promotions.services.promotions import abort_promotion


class AbortPromotion(ProjectView):
    """One that has ended stays as it is, and the answer is the same."""

    access_resource = "promotions"
    access_verb = "patch"
    access_name_in = "promotion"

    def post(self, _request: Request, *, promotion: str, **_: str) -> Response:
        abort_promotion(
            promotion_named(self.project, promotion), actor=self.actor, reason="", now=self.now
        )
        return done()
