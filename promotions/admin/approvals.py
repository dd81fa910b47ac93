"""What people said of promotions that need approval."""

from django.contrib import admin

from common.admin import ReadOnlyAdmin
from promotions.models import PromotionApproval


@admin.register(PromotionApproval)
class PromotionApprovalAdmin(ReadOnlyAdmin[PromotionApproval]):
    list_display = ("promotion", "request", "user", "action", "at")
    list_filter = ("action", "at")
    list_select_related = ("promotion", "request")
    search_fields = ("promotion__name", "request__name", "user", "message")
    raw_id_fields = ("promotion", "request")
    ordering = ("-pk",)
