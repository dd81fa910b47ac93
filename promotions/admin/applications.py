"""Which Stages depend on which Argo CD Applications."""

from django.contrib import admin

from common.admin import ReadOnlyAdmin
from promotions.models import AddressedApplication


@admin.register(AddressedApplication)
class AddressedApplicationAdmin(ReadOnlyAdmin[AddressedApplication]):
    list_display = ("namespace", "name", "stage")
    list_filter = ("stage__project",)
    list_select_related = ("stage",)
    search_fields = ("namespace", "name", "stage__name")
    raw_id_fields = ("stage",)
    ordering = ("-pk",)
