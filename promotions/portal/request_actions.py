"""What people do with promotion requests from the page of a Stage."""

from datetime import datetime

from promotions.portal.actions import Action
from promotions.selectors.promotion_requests import request_named
from promotions.services.promote_rights import require_promote
from promotions.services.promotion_requests import (
    abort_promotion_request,
    retry_promotion_request,
)


class _RequestAction(Action):
    access_resource = "promotionrequests"

    def origin(self) -> str:
        request = request_named(self.project, self.kwargs["promotion_request"])
        return self.page("stage", request.stage.name)


class AbortPromotionRequest(_RequestAction):
    access_verb = "patch"

    def act(self, now: datetime) -> tuple[str, str]:
        request = request_named(self.project, self.kwargs["promotion_request"])
        reason = self.request.POST.get("reason", "").strip()
        abort_promotion_request(request, actor=self.actor, reason=reason, now=now)
        return "The promotion request is aborted.", self.origin()


class RetryPromotionRequest(_RequestAction):
    access_verb = "create"

    def act(self, now: datetime) -> tuple[str, str]:
        request = request_named(self.project, self.kwargs["promotion_request"])
        require_promote(self.actor, request.stage)
        retry_promotion_request(request, actor=self.actor, now=now)
        return "The targets that did not succeed are queued again.", self.origin()
