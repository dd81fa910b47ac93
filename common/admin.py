"""The admin's two ways of showing rows: to read only, and to act on."""

from typing import Any, ClassVar, TypeVar

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

ModelT = TypeVar("ModelT", bound=Model)


class ReadOnlyAdmin(admin.ModelAdmin[ModelT]):
    """Shows rows and never writes them: history, and what services or manifests write."""

    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        del request, obj
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        del request, obj
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        del request, obj
        return False


class ResourceAdmin(ReadOnlyAdmin[ModelT]):
    """Shows things with Kargo metadata, newest first; manifests write them."""

    list_display: Any = ("name", "project", "generation", "created_at")
    list_filter: ClassVar[Any] = ("project__tenant", "project")
    list_select_related: ClassVar[Any] = ("project",)
    search_fields: ClassVar[Any] = ("name", "uid", "project__name")
    ordering: ClassVar[Any] = ("-created_at", "-pk")
