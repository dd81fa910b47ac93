"""What the addresses of approvals share: which promotion is meant, and how it stands."""

from rest_framework.request import Request
from rest_framework.response import Response

from common.rest.requests import bad_request, read_json_object, text_of
from projects.rest import ProjectView
from promotions.engine.approvals import Action
from promotions.manifests.approvals import approvals_to
from promotions.selectors.approvals import (
    Subject,
    answers_to,
    approval_policy_of,
    approval_standing,
)
from promotions.selectors.promotion_requests import request_named
from promotions.selectors.timeline import promotion_named
from promotions.services.approvals import JUDGEMENTS, Judgement, judge_promotion


class ApprovalView(ProjectView):
    """Approvals of a promotion, or of a promotion request if the address names one."""

    access_verb = "get"

    def subject(self, names: dict[str, str]) -> Subject:
        if "promotion_request" in names:
            return request_named(self.project, names["promotion_request"])
        return promotion_named(self.project, names["promotion"])

    def standing(self, subject: Subject, *, status: int = 200) -> Response:
        found = approval_standing(subject, now=self.now)
        document = approvals_to(approval_policy_of(subject.stage), found, answers_to(subject))
        return Response(document, status=status)

    def judge(self, request: Request, names: dict[str, str]) -> Response:
        body = read_json_object(request)
        action = text_of(body, "action")
        if action not in JUDGEMENTS:
            raise bad_request(f'"action" must be one of {", ".join(JUDGEMENTS)}')
        subject = self.subject(names)
        judgement = Judgement(Action(action), text_of(body, "message"))
        judge_promotion(subject, judgement, actor=self.actor, now=self.now)
        return self.standing(subject, status=201)
