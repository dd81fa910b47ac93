"""Warehouses, and looking again."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from common.admin import ResourceAdmin
from common.clock import now
from promotions.models import Warehouse
from promotions.services.warehouses import refresh_warehouse
from rbac.web import request_actor


@admin.register(Warehouse)
class WarehouseAdmin(ResourceAdmin[Warehouse]):
    list_display = ("name", "project", "shard", "last_freight_name", "discovered_at")
    list_filter = ("project__tenant", "project", "shard")
    list_select_related = ("project__tenant",)
    actions = ("refresh",)

    @admin.action(description="Refresh selected warehouses", permissions=["view"])
    def refresh(self, request: HttpRequest, queryset: QuerySet[Warehouse]) -> None:
        actor, at = request_actor(request), now()
        names = []
        for warehouse in queryset.select_related("project__tenant"):
            refresh_warehouse(warehouse, actor=actor, now=at)
            names.append(warehouse.name)
        self.message_user(request, f"Discovery starts now in {', '.join(names)}.")
