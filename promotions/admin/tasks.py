"""Promotion tasks."""

from django.contrib import admin

from common.admin import ResourceAdmin
from promotions.models import ClusterPromotionTask, PromotionTask


@admin.register(PromotionTask)
class PromotionTaskAdmin(ResourceAdmin[PromotionTask]):
    pass


@admin.register(ClusterPromotionTask)
class ClusterPromotionTaskAdmin(ResourceAdmin[ClusterPromotionTask]):
    list_display = ("name", "tenant", "generation", "created_at")
    list_filter = ("tenant",)
    list_select_related = ("tenant",)
    search_fields = ("name", "uid", "tenant__name")
