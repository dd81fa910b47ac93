"""What steps ask people, and what they answered."""

from django.contrib import admin

from common.admin import ReadOnlyAdmin, ReadOnlyInline
from promotions.models import PromotionPrompt, PromotionResponse


class ResponsesInline(ReadOnlyInline):
    model = PromotionResponse
    fields = ("user", "action", "message", "values", "matched", "at")
    ordering = ("pk",)


@admin.register(PromotionPrompt)
class PromotionPromptAdmin(ReadOnlyAdmin[PromotionPrompt]):
    list_display = ("promotion", "alias", "kind", "asked_at")
    list_filter = ("kind", "asked_at")
    list_select_related = ("promotion",)
    search_fields = ("promotion__name", "alias")
    raw_id_fields = ("promotion",)
    inlines = (ResponsesInline,)
    ordering = ("-pk",)


@admin.register(PromotionResponse)
class PromotionResponseAdmin(ReadOnlyAdmin[PromotionResponse]):
    list_display = ("prompt", "user", "action", "at")
    list_filter = ("action", "at")
    list_select_related = ("prompt",)
    search_fields = ("prompt__promotion__name", "prompt__alias", "user", "message")
    raw_id_fields = ("prompt",)
    ordering = ("-pk",)
