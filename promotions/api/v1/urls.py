"""Routes of ``/v1``, which Kargo does not have; ``P`` is ``projects/<project>``."""

from django.urls import URLPattern, URLResolver, include, path

from promotions.api.v1.get_preview import GetPreview
from promotions.api.v1.get_prompt import GetPrompt
from promotions.api.v1.get_usage import GetUsage
from promotions.api.v1.grant_member import GrantMember, GrantProjectMember
from promotions.api.v1.list_audit_events import ListAuditEvents, ListProjectAuditEvents
from promotions.api.v1.list_members import ListMembers, ListProjectMembers
from promotions.api.v1.respond_to_promotion import RespondToPromotion
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
