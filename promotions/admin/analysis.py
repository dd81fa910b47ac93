"""Analysis templates and verifications."""

from django.contrib import admin

from common.admin import ReadOnlyAdmin, ResourceAdmin
from promotions.models import AnalysisTemplate, ClusterAnalysisTemplate, Verification


@admin.register(AnalysisTemplate)
class AnalysisTemplateAdmin(ResourceAdmin[AnalysisTemplate]):
    pass


@admin.register(ClusterAnalysisTemplate)
class ClusterAnalysisTemplateAdmin(ResourceAdmin[ClusterAnalysisTemplate]):
    list_display = ("name", "tenant", "generation", "created_at")
    list_filter = ("tenant",)
    list_select_related = ("tenant",)
    search_fields = ("name", "uid", "tenant__name")


@admin.register(Verification)
class VerificationAdmin(ReadOnlyAdmin[Verification]):
    list_display = ("uid", "collection", "phase", "actor", "started_at", "finished_at")
    list_filter = ("phase", "started_at")
    list_select_related = ("collection",)
    search_fields = ("uid", "actor", "message", "collection__stage__name")
    raw_id_fields = ("collection",)
    ordering = ("-pk",)
