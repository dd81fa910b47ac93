"""``POST P/promotions/{promotion}/refresh``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView, done
from promotions.selectors.timeline import promotion_named
from promotions.services.promotions import refresh_promotion


class RefreshPromotion(ProjectView):
    """Whoever may look may ask to look again."""

    access_resource = "promotions"
    access_verb = "get"
    access_name_in = "promotion"

    def post(self, _request: Request, *, promotion: str, **_: str) -> Response:
        found = promotion_named(self.project, promotion)
        refresh_promotion(found, actor=self.actor, now=self.now)
        return done()
