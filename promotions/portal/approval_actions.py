"""Approving, rejecting and taking approval back, from any page that shows what waits for it."""

from datetime import datetime

from django.core.exceptions import PermissionDenied

from common.errors import ForbiddenError, InvalidError
from promotions.engine.approvals import Action as Said
from promotions.portal.actions import Action
from promotions.selectors.approvals import Subject
from promotions.selectors.promotion_requests import request_named
from promotions.selectors.timeline import promotion_named
from promotions.services.approvals import JUDGEMENTS, Judgement, judge_promotion

_WORDS = {
    Said.APPROVE: "You have approved.",
    Said.REJECT: "You have rejected; it is aborted.",
    Said.WITHDRAW: "Your approval no longer counts.",
}


class JudgePromotion(Action):
    """Whoever may see it may ask; whose approval counts is for the service to say."""

    access_resource = "promotions"
    access_verb = "get"

    def act(self, now: datetime) -> tuple[str, str]:
        subject = self.subject()
        said = self.request.POST.get("action", "")
        if said not in JUDGEMENTS:
            raise InvalidError("Choose an answer: approve, reject or withdraw.")
        judgement = Judgement(Said(said), self.request.POST.get("message", "").strip())
        try:
            judge_promotion(subject, judgement, actor=self.actor, now=now)
        except ForbiddenError as error:  # nobody is offered what they may not do
            raise PermissionDenied(error.message) from error
        return _WORDS[judgement.action], self.origin()

    def subject(self) -> Subject:
        return promotion_named(self.project, self.kwargs["promotion"])

    def origin(self) -> str:
        return self.page("promotion", self.kwargs["promotion"])


class JudgePromotionRequest(JudgePromotion):
    access_resource = "promotionrequests"

    def subject(self) -> Subject:
        return request_named(self.project, self.kwargs["promotion_request"])

    def origin(self) -> str:
        return self.page("stage", self.subject().stage.name)
