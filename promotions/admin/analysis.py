"""Analysis templates, runs and their jobs, and verifications."""

from django.contrib import admin

from common.admin import ReadOnlyAdmin, ResourceAdmin
from promotions.models import (
    AnalysisJob,
    AnalysisRun,
    AnalysisTemplate,
    ClusterAnalysisTemplate,
    Verification,
)


@admin.register(AnalysisTemplate)
class AnalysisTemplateAdmin(ResourceAdmin[AnalysisTemplate]):
    pass


@admin.register(ClusterAnalysisTemplate)
class ClusterAnalysisTemplateAdmin(ResourceAdmin[ClusterAnalysisTemplate]):
    list_display = ("name", "tenant", "generation", "created_at")
    list_filter = ("tenant",)
    list_select_related = ("tenant",)
    search_fields = ("name", "uid", "tenant__name")


@admin.register(AnalysisRun)
class AnalysisRunAdmin(ResourceAdmin[AnalysisRun]):
    list_display = ("name", "project", "stage", "phase", "created_at", "ended_at")
    list_filter = ("phase", "project__tenant", "created_at")
    list_select_related = ("project__tenant", "stage")
    search_fields = ("name", "uid", "stage__name", "project__name")


@admin.register(AnalysisJob)
class AnalysisJobAdmin(ReadOnlyAdmin[AnalysisJob]):
    list_display = ("name", "run", "metric", "ordinal", "outcome", "begun_at", "ended_at")
    list_filter = ("outcome", "begun_at")
    list_select_related = ("run",)
    search_fields = ("name", "metric", "run__name")
    raw_id_fields = ("run",)
    ordering = ("-pk",)


@admin.register(Verification)
class VerificationAdmin(ReadOnlyAdmin[Verification]):
    list_display = ("uid", "collection", "phase", "actor", "started_at", "finished_at")
    list_filter = ("phase", "started_at")
    list_select_related = ("collection",)
    search_fields = ("uid", "actor", "message", "collection__stage__name")
    raw_id_fields = ("collection",)
    ordering = ("-pk",)
