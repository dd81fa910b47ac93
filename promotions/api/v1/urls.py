"""Routes of ``/v1``, which Kargo does not have; ``P`` is ``projects/<project>``."""

from django.urls import URLPattern, URLResolver, include, path

from promotions.api.v1.abort_promotion_request import AbortPromotionRequest
from promotions.api.v1.create_promotion_request import CreatePromotionRequest
from promotions.api.v1.get_freight_eligibility import GetFreightEligibility
from promotions.api.v1.get_preview import GetPreview
from promotions.api.v1.get_promotion_request import GetPromotionRequest
from promotions.api.v1.get_promotion_request_wait import GetPromotionRequestWait
from promotions.api.v1.get_promotion_wait import GetPromotionWait
from promotions.api.v1.get_prompt import GetPrompt
from promotions.api.v1.get_stage_eligibility import GetStageEligibility
from promotions.api.v1.get_target import GetTarget
from promotions.api.v1.get_usage import GetUsage
from promotions.api.v1.grant_member import GrantMember, GrantProjectMember
from promotions.api.v1.judge_promotion import JudgePromotion
from promotions.api.v1.judge_promotion_request import JudgePromotionRequest
from promotions.api.v1.list_approvals import ListApprovals
from promotions.api.v1.list_audit_events import ListAuditEvents, ListProjectAuditEvents
from promotions.api.v1.list_members import ListMembers, ListProjectMembers
from promotions.api.v1.list_promotion_approvals import ListPromotionApprovals
from promotions.api.v1.list_promotion_request_approvals import ListPromotionRequestApprovals
from promotions.api.v1.list_promotion_requests import ListPromotionRequests
from promotions.api.v1.list_targets import ListTargets
from promotions.api.v1.respond_to_promotion import RespondToPromotion
from promotions.api.v1.retry_promotion_request import RetryPromotionRequest
from promotions.api.v1.revoke_member import RevokeMember, RevokeProjectMember
from rbac.rest.routing import by_method

_PROJECT: list[URLPattern | URLResolver] = [
    path(
        "/audit-events",
        by_method(get=ListProjectAuditEvents),
        name="api-list-project-audit-events",
    ),
    path(
        "/members",
        by_method(get=ListProjectMembers, post=GrantProjectMember),
        name="api-project-members",
    ),
    path(
        "/members/<str:username>/roles/<str:role>",
        by_method(delete=RevokeProjectMember),
        name="api-project-member",
    ),
    path(
        "/stages/<str:stage>/previews/<uuid:uid>",
        by_method(get=GetPreview),
        name="api-get-preview",
    ),
    path(
        "/stages/<str:stage>/eligibility",
        by_method(get=GetStageEligibility),
        name="api-get-stage-eligibility",
    ),
    path(
        "/freight/<str:freight>/eligibility",
        by_method(get=GetFreightEligibility),
        name="api-get-freight-eligibility",
    ),
    path(
        "/promotions/<str:promotion>/waiting",
        by_method(get=GetPromotionWait),
        name="api-get-promotion-wait",
    ),
    path("/targets", by_method(get=ListTargets), name="api-targets"),
    path("/targets/<str:target>", by_method(get=GetTarget), name="api-target"),
    path(
        "/promotion-requests",
        by_method(get=ListPromotionRequests, post=CreatePromotionRequest),
        name="api-promotion-requests",
    ),
    path(
        "/promotion-requests/<str:promotion_request>",
        by_method(get=GetPromotionRequest),
        name="api-promotion-request",
    ),
    path(
        "/promotion-requests/<str:promotion_request>/abort",
        by_method(post=AbortPromotionRequest),
        name="api-abort-promotion-request",
    ),
    path(
        "/promotion-requests/<str:promotion_request>/retry",
        by_method(post=RetryPromotionRequest),
        name="api-retry-promotion-request",
    ),
    path("/approvals", by_method(get=ListApprovals), name="api-approvals"),
    path(
        "/promotions/<str:promotion>/approvals",
        by_method(get=ListPromotionApprovals, post=JudgePromotion),
        name="api-promotion-approvals",
    ),
    path(
        "/promotion-requests/<str:promotion_request>/waiting",
        by_method(get=GetPromotionRequestWait),
        name="api-get-promotion-request-wait",
    ),
    path(
        "/promotion-requests/<str:promotion_request>/approvals",
        by_method(get=ListPromotionRequestApprovals, post=JudgePromotionRequest),
        name="api-promotion-request-approvals",
    ),
    path(
        "/promotions/<str:promotion>/steps/<str:alias>/responses",
        by_method(get=GetPrompt, post=RespondToPromotion),
        name="api-respond-to-promotion",
    ),
]

urlpatterns = [
    path("usage", by_method(get=GetUsage), name="api-usage"),
    path("members", by_method(get=ListMembers, post=GrantMember), name="api-members"),
    path(
        "members/<str:username>/roles/<str:role>",
        by_method(delete=RevokeMember),
        name="api-member",
    ),
    path("audit-events", by_method(get=ListAuditEvents), name="api-list-audit-events"),
    path("projects/<str:project>", include(_PROJECT)),
]
