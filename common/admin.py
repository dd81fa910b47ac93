"""The admin's ways of showing rows: of one's own tenants, to read only, and to act on.

Operators see everything. Other staff see what belongs to the tenants that they administer: the
site says which (``request.administered``), the columns of a model say what belongs to them. To
them the rest is as if it were not there.
"""

from typing import Any, ClassVar, TypeVar
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.admin.views.main import SEARCH_VAR
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from common.tenancy import of_tenants, tenant_path

ModelT = TypeVar("ModelT", bound=Model)

_LONGEST_NUMBER = 18
"""Whole numbers of so many digits fit into 64 bits."""
SCOPE = "administered"
"""The attribute of a request that holds the uids of the tenants its user administers."""


def scope_of(request: HttpRequest) -> frozenset[UUID] | None:
    """Return the tenants that a request is confined to; ``None`` for operators, who see all."""
    if getattr(request.user, "is_superuser", False):
        return None
    found: frozenset[UUID] = getattr(request, SCOPE, frozenset())
    return found


class ScopedAdmin(admin.ModelAdmin[ModelT]):
    """Shows staff who are no operators the rows of their tenants, to read only.

    Models that no tenant owns are not shown to them at all.
    """

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelT]:
        """Leave out what belongs to other tenants, or to none."""
        rows = super().get_queryset(request)
        scope = scope_of(request)
        return rows if scope is None else of_tenants(rows, scope)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Take no filter with a number that no column holds: databases fail over them.

        Raises:
            IncorrectLookupParameters: There is one; the list is shown without filters.
        """
        names = [name for name in request.GET if name != SEARCH_VAR]
        filters = [text for name in names for text in request.GET.getlist(name)]
        if any(len(it) > _LONGEST_NUMBER and it.lstrip("+-").isdecimal() for it in filters):
            raise IncorrectLookupParameters
        return super().get_changelist_instance(request)

    def get_list_filter(self, request: HttpRequest) -> Any:
        """Offer, of what rows refer to, only what one's own rows refer to."""
        offered = super().get_list_filter(request)
        if scope_of(request) is None:
            return offered
        return [self._confined(it) for it in offered]

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the application to whoever may see one of its models."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let operators in, and others to what a tenant owns."""
        scope = scope_of(request)
        if scope is None:
            return super().has_view_permission(request, obj)
        return bool(scope) and bool(tenant_path(self.model))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let operators only."""
        return scope_of(request) is None and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let operators only."""
        return scope_of(request) is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let operators only."""
        return scope_of(request) is None and super().has_delete_permission(request, obj)

    def _confined(self, entry: Any) -> Any:
        if not isinstance(entry, str):
            return entry
        is_relation = get_fields_from_path(self.model, entry)[-1].is_relation
        return (entry, admin.RelatedOnlyFieldListFilter) if is_relation else entry


class Unwritable:
    """Refuses whoever would write."""

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


class ReadOnlyAdmin(Unwritable, ScopedAdmin[ModelT]):
    """Shows rows and never writes them: history, and what services or manifests write."""

    list_per_page = 50
    show_full_result_count = False


class ReadOnlyInline(Unwritable, admin.TabularInline[Any, Any]):
    """Rows within the page of another row, which has said who may see them; nobody writes them."""

    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Show them with the row that they are part of."""
        del request, obj
        return True


class ResourceAdmin(ReadOnlyAdmin[ModelT]):
    """Shows things with Kargo metadata, newest first; manifests write them."""

    list_display: Any = ("name", "project", "generation", "created_at")
    list_filter: ClassVar[Any] = ("project__tenant", "project")
    list_select_related: ClassVar[Any] = ("project",)
    search_fields: ClassVar[Any] = ("name", "uid", "project__name")
    ordering: ClassVar[Any] = ("-created_at", "-pk")
