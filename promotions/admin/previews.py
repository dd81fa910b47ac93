"""Previews of promotions."""

from django.contrib import admin

from common.admin import ReadOnlyAdmin
from promotions.models import Preview


@admin.register(Preview)
class PreviewAdmin(ReadOnlyAdmin[Preview]):
    list_display = (
        "uid",
        "project",
        "stage",
        "freight",
        "target_name",
        "actor",
        "created_at",
        "finished_at",
    )
    list_filter = ("project__tenant", "created_at")
    list_select_related = ("project", "stage", "freight")
    search_fields = ("uid", "actor", "stage__name", "freight__name", "problem")
    ordering = ("-created_at",)
