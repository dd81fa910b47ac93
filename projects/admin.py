"""Support pages about tenants, projects and what they keep."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from common.admin import ReadOnlyAdmin, ResourceAdmin
from projects.models import (
    Change,
    ClusterConfig,
    ConfigMap,
    Project,
    ProjectConfig,
    Secret,
    Tenant,
)
from rbac.admin import AuditedAdmin


@admin.register(Tenant)
class TenantAdmin(AuditedAdmin[Tenant]):
    """The name is part of addresses, so it is given once."""

    list_display = ("name", "title", "uid", "created_at", "suspended_at")
    list_filter = ("suspended_at",)
    search_fields = ("name", "title", "uid")
    fields = ("name", "title", "suspended_at")
    ordering = ("name",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        del request
        return ("name",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False


@admin.register(Project)
class ProjectAdmin(ResourceAdmin[Project]):
    list_display = ("name", "tenant", "uid", "created_at")
    list_filter = ("tenant",)
    list_select_related = ("tenant",)
    search_fields = ("name", "uid", "tenant__name")


@admin.register(ProjectConfig)
class ProjectConfigAdmin(ResourceAdmin[ProjectConfig]):
    pass


@admin.register(ClusterConfig)
class ClusterConfigAdmin(ResourceAdmin[ClusterConfig]):
    list_display = ("name", "tenant", "generation", "created_at")
    list_filter = ("tenant",)
    list_select_related = ("tenant",)
    search_fields = ("name", "uid", "tenant__name")


@admin.register(ConfigMap)
class ConfigMapAdmin(ResourceAdmin[ConfigMap]):
    list_display = ("name", "namespace", "tenant", "created_at")
    list_filter = ("tenant", "namespace")
    list_select_related = ("tenant", "project")
    search_fields = ("name", "namespace", "uid")


@admin.register(Secret)
class SecretAdmin(ResourceAdmin[Secret]):
    """Which keys there are, never what they hold; manifests and the API write secrets."""

    list_display = ("name", "namespace", "tenant", "credential_type", "created_at")
    list_filter = ("tenant", "credential_type", "namespace")
    list_select_related = ("tenant", "project")
    search_fields = ("name", "namespace", "repo_url", "uid")
    fields = (
        "name",
        "tenant",
        "project",
        "namespace",
        "type",
        "credential_type",
        "repo_url",
        "repo_url_is_regex",
        "keys",
        "created_at",
        "updated_at",
    )


@admin.register(Change)
class ChangeAdmin(ReadOnlyAdmin[Change]):
    list_display = ("id", "at", "type", "kind", "name", "project_uid")
    list_filter = ("kind", "type", "at")
    search_fields = ("name", "uid", "project_uid", "tenant_uid")
    ordering = ("-pk",)
