"""What happened to promotions and Freight, as clients of the API are told."""

from django.contrib import admin

from common.admin import ReadOnlyAdmin
from promotions.models import Event


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin[Event]):
    list_display = ("at", "project", "reason", "object_kind", "object_name")
    list_filter = ("project__tenant", "reason", "at")
    list_select_related = ("project",)
    search_fields = ("object_name", "object_uid", "project__name", "message")
    ordering = ("-pk",)
