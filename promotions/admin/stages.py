"""Stages, what they hold and held, and what keeps them from promoting by themselves."""

from django.contrib import admin

from common.admin import ReadOnlyAdmin, ReadOnlyInline, ResourceAdmin
from promotions.models import (
    AutoPromotionHold,
    FreightCollection,
    FreightCollectionItem,
    Stage,
    StageFreight,
)


@admin.register(Stage)
class StageAdmin(ResourceAdmin[Stage]):
    list_display = ("name", "project", "shard", "current_promotion", "last_promotion")
    list_filter = ("project__tenant", "project", "shard", "is_control_flow")
    list_select_related = ("project", "current_promotion", "last_promotion")


@admin.register(StageFreight)
class StageFreightAdmin(ReadOnlyAdmin[StageFreight]):
    list_display = ("stage", "freight", "current_since", "verified_at", "approved_at")
    list_filter = ("stage__project", "verified_at", "approved_at")
    list_select_related = ("stage", "freight")
    search_fields = ("stage__name", "freight__name", "freight__alias")
    ordering = ("-pk",)


@admin.register(AutoPromotionHold)
class AutoPromotionHoldAdmin(ReadOnlyAdmin[AutoPromotionHold]):
    list_display = ("stage", "origin", "freight_name", "actor", "created_at")
    list_filter = ("stage__project",)
    list_select_related = ("stage",)
    search_fields = ("stage__name", "origin", "freight_name", "promotion_name", "actor")
    ordering = ("-pk",)


class ItemsInline(ReadOnlyInline):
    model = FreightCollectionItem
    fields = ("origin", "freight")


@admin.register(FreightCollection)
class FreightCollectionAdmin(ReadOnlyAdmin[FreightCollection]):
    list_display = ("collection_id", "stage", "promotion", "recorded_at")
    list_filter = ("stage__project", "recorded_at")
    list_select_related = ("stage", "promotion")
    search_fields = ("collection_id", "stage__name", "promotion__name")
    inlines = (ItemsInline,)
    ordering = ("-pk",)


@admin.register(FreightCollectionItem)
class FreightCollectionItemAdmin(ReadOnlyAdmin[FreightCollectionItem]):
    list_display = ("collection", "origin", "freight")
    list_filter = ("collection__stage__project",)
    list_select_related = ("collection", "freight")
    search_fields = ("origin", "freight__name", "freight__alias", "collection__collection_id")
    ordering = ("-pk",)
