"""Promotions, their steps, and ending them."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from common.admin import ReadOnlyAdmin, ReadOnlyInline, ResourceAdmin
from common.clock import now
from common.errors import ConflictError
from promotions.models import Promotion, StepExecution
from promotions.services.promotions import abort_promotion
from rbac.web import request_actor


class StepsInline(ReadOnlyInline):
    model = StepExecution
    fields = ("index", "alias", "kind", "status", "message", "started_at", "finished_at")
    ordering = ("index",)


@admin.register(Promotion)
class PromotionAdmin(ResourceAdmin[Promotion]):
    list_display = ("name", "project", "stage", "freight", "phase", "actor", "created_at")
    list_filter = ("phase", "project__tenant", "project", "created_at")
    list_select_related = ("project", "stage", "freight")
    search_fields = ("name", "uid", "actor", "message", "stage__name", "freight__name")
    inlines = (StepsInline,)
    actions = ("abort",)

    @admin.action(description="Abort selected promotions", permissions=["view"])
    def abort(self, request: HttpRequest, queryset: QuerySet[Promotion]) -> None:
        actor, at = request_actor(request), now()
        reason = actor.reason or "from the admin"
        for promotion in queryset.select_related("project__tenant", "stage", "freight"):
            if promotion.is_terminal:
                self.message_user(
                    request, f"Promotion {promotion} has ended already.", messages.WARNING
                )
                continue
            try:
                abort_promotion(promotion, actor=actor, reason=reason, now=at)
            except ConflictError as error:
                self.message_user(
                    request, f"Promotion {promotion}: {error.message}", messages.ERROR
                )
            else:
                self.message_user(request, f"Promotion {promotion} is aborted.")


@admin.register(StepExecution)
class StepExecutionAdmin(ReadOnlyAdmin[StepExecution]):
    list_display = ("promotion", "index", "alias", "kind", "status", "started_at", "finished_at")
    list_filter = ("status", "kind", "started_at")
    list_select_related = ("promotion",)
    search_fields = ("promotion__name", "alias", "kind", "message")
    ordering = ("-pk",)
