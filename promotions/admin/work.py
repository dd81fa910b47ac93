"""Work and the workers that do it."""

from django.contrib import admin
from django_q.admin import Failure, OrmQ, Schedule, Success

from common.admin import ReadOnlyAdmin
from promotions.models import Work, WorkerBeat

admin.site.unregister([Failure, OrmQ, Schedule, Success])  # whoever writes those runs anything


@admin.register(Work)
class WorkAdmin(ReadOnlyAdmin[Work]):
    list_display = ("kind", "uid", "shard", "due_at", "lease_owner", "lease_until", "failures")
    list_filter = ("kind", "shard")
    search_fields = ("uid", "tenant_uid", "lease_owner", "last_error")
    ordering = ("due_at", "pk")


@admin.register(WorkerBeat)
class WorkerBeatAdmin(ReadOnlyAdmin[WorkerBeat]):
    list_display = ("worker", "shard", "at")
    list_filter = ("shard",)
    search_fields = ("worker", "shard")
    ordering = ("-at",)
