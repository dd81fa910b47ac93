"""Answering what a step asks: approve, reject, or fill in its form."""

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from common.errors import InvalidError, NotFoundError, PlatformError
from common.jsontypes import JSONObject
from promotions.engine.approvals import Action
from promotions.engine.forms.fields import fields_of, values_from
from promotions.engine.forms.schemas import read_schema
from promotions.engine.questions import question_from
from promotions.models import Promotion
from promotions.portal.promotions import PromotionPage
from promotions.portal.prompts import Draft
from promotions.selectors.prompts import prompt_named
from promotions.selectors.timeline import promotion_named
from promotions.services.responses import Answer, respond_to_promotion

_SAID = {
    Action.APPROVE: "You have approved.",
    Action.REJECT: "You have rejected; the step fails.",
    Action.SUBMIT: "Your answer is taken.",
}


class RespondToPromotion(PromotionPage):
    """An answer that does not fit is shown again, in the page that it was written on."""

    def post(self, request: HttpRequest, **_: object) -> HttpResponseBase:
        promotion = promotion_named(self.project, self.kwargs["promotion"])
        alias = self.kwargs["alias"]
        try:
            answer = self._answer(promotion, alias)
            respond_to_promotion(promotion, alias, answer, actor=self.actor, now=self.now)
        except InvalidError as error:
            posted = {key: request.POST.getlist(key) for key in request.POST}
            self.draft = Draft(alias, posted, error.message, error.problems)
            return self.render_to_response(self.context())
        except NotFoundError:
            raise
        except PlatformError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, _SAID[answer.action])
        return redirect("portal:promotion", self.project.name, promotion.name)

    def _answer(self, promotion: Promotion, alias: str) -> Answer:
        action = self.request.POST.get("action", "")
        if action not in _SAID:
            raise InvalidError("Choose an answer: approve, reject or submit.")
        message = self.request.POST.get("message", "").strip()
        values = self._values(promotion, alias) if action == Action.SUBMIT else None
        return Answer(Action(action), message=message, values=values)

    def _values(self, promotion: Promotion, alias: str) -> JSONObject:
        prompt = prompt_named(promotion, alias)
        question = question_from(prompt.kind, prompt.config)
        fields = fields_of(read_schema(question.schema).document)
        return values_from(fields, {it.key: self.request.POST.getlist(it.key) for it in fields})
