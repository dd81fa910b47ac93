"""``POST P/promotions/{promotion}/steps/{alias}/responses``."""

from rest_framework.request import Request
from rest_framework.response import Response

from common.jsontypes import as_object
from common.rest.requests import bad_request, read_json_object, text_of
from projects.rest import ProjectView
from promotions.engine.approvals import ANSWERS, Action
from promotions.manifests.promotion_prompt import prompt_to
from promotions.selectors.prompts import prompt_named, responses_to
from promotions.selectors.timeline import promotion_named
from promotions.services.responses import Answer, respond_to_promotion


class RespondToPromotion(ProjectView):
    """Whoever may see the promotion may ask; whom the step asks is for the service to say."""

    access_resource = "promotions"
    access_verb = "get"

    def post(self, request: Request, *, promotion: str, alias: str, **_: str) -> Response:
        answer = _answer(request)
        found = promotion_named(self.project, promotion)
        respond_to_promotion(found, alias, answer, actor=self.actor, now=self.now)
        prompt = prompt_named(found, alias)
        return Response(prompt_to(prompt, responses_to(prompt)), status=201)


def _answer(request: Request) -> Answer:
    body = read_json_object(request)
    action = text_of(body, "action")
    if action not in ANSWERS:
        raise bad_request('"action" must be one of approve, reject, submit')
    values = body.get("values")
    if action == Action.SUBMIT and not isinstance(values, dict):
        raise bad_request('"values" must be an object')
    return Answer(Action(action), message=text_of(body, "message"), values=as_object(values))
