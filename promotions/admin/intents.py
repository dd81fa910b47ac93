"""What steps set out to do, and when it was done."""

from django.contrib import admin

from common.admin import ReadOnlyAdmin
from promotions.models import StepIntent


@admin.register(StepIntent)
class StepIntentAdmin(ReadOnlyAdmin[StepIntent]):
    list_display = ("promotion", "alias", "begun_at", "done_at")
    list_filter = ("begun_at",)
    list_select_related = ("promotion",)
    search_fields = ("promotion__name", "alias")
    raw_id_fields = ("promotion",)
    ordering = ("-pk",)
