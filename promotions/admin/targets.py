"""Targets, and promotion requests with what became of each target."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from common.admin import ReadOnlyAdmin, ReadOnlyInline, ResourceAdmin
from common.clock import now
from promotions.models import PromotionRequest, RequestTarget, Target
from promotions.services.promotion_requests import abort_promotion_request
from rbac.web import request_actor


@admin.register(Target)
class TargetAdmin(ResourceAdmin[Target]):
    pass


class TargetsInline(ReadOnlyInline):
    model = RequestTarget
    fields = ("name", "wave", "promotion", "failure", "failed_at")
    ordering = ("name",)


@admin.register(PromotionRequest)
class PromotionRequestAdmin(ResourceAdmin[PromotionRequest]):
    list_display = ("name", "project", "stage", "freight", "phase", "actor", "created_at")
    list_filter = ("phase", "project__tenant", "project", "created_at")
    list_select_related = ("project", "stage", "freight")
    search_fields = ("name", "uid", "actor", "message", "stage__name", "freight__name")
    inlines = (TargetsInline,)
    actions = ("abort",)

    @admin.action(description="Abort selected promotion requests", permissions=["view"])
    def abort(self, request: HttpRequest, queryset: QuerySet[PromotionRequest]) -> None:
        actor, at = request_actor(request), now()
        reason = actor.reason or "from the admin"
        for found in queryset.select_related("project__tenant", "stage"):
            abort_promotion_request(found, actor=actor, reason=reason, now=at)
            self.message_user(request, f"Promotion request {found} is aborted.")


@admin.register(RequestTarget)
class RequestTargetAdmin(ReadOnlyAdmin[RequestTarget]):
    list_display = ("request", "name", "wave", "promotion", "failed_at")
    list_filter = ("failed_at",)
    list_select_related = ("request", "promotion")
    search_fields = ("request__name", "name", "failure")
    ordering = ("-pk",)
