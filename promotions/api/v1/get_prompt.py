"""``GET P/promotions/{promotion}/steps/{alias}/responses``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView
from promotions.engine.approvals import Verdict, may_respond
from promotions.engine.questions import question_from
from promotions.manifests.promotion_prompt import prompt_to
from promotions.selectors.prompts import (
    identity_in,
    prompt_named,
    responses_to,
    waiting_alias,
)
from promotions.selectors.timeline import promotion_named


class GetPrompt(ProjectView):
    """What a step asks, whether it waits and the caller may answer, and the answers."""

    access_resource = "promotions"
    access_verb = "get"

    def get(self, _request: Request, *, promotion: str, alias: str, **_: str) -> Response:
        found = promotion_named(self.project, promotion)
        prompt = prompt_named(found, alias)
        question = question_from(prompt.kind, prompt.config)
        responses = responses_to(prompt)
        is_current = waiting_alias(found) == alias
        is_waiting = is_current and question.verdict(responses) is Verdict.WAITING
        is_asked = may_respond(question.rules, identity_in(self.project, self.actor))
        document = prompt_to(prompt, responses)
        return Response({**document, "waiting": is_waiting, "mayRespond": is_waiting and is_asked})
