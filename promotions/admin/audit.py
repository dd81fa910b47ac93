"""The audit: searched by tenant, project, person, act and time; read only.

It may hold millions of events, so nothing is counted to the end, and everything that is looked for
is looked for in an index.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.functional import cached_property

from common.admin import ReadOnlyAdmin, scope_of
from projects.models import Project, Tenant
from rbac.audit import PLATFORM
from rbac.models import AuditChain, AuditCheckpoint, AuditEvent
from rbac.selectors import audit_tenants
from rbac.selectors.audit import names_of_actor

_COUNTED = 5000
_TENANTS_OFFERED = 200
_SEARCHED = ("project", "actor", "action", "kind", "q")

Events = QuerySet[AuditEvent]


class SomePages(Paginator[AuditEvent]):
    """Counts as far as people page; what is older is found by searching."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[:_COUNTED].count())


class TenantFilter(admin.SimpleListFilter):
    title = "tenant"
    parameter_name = "tenant"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        del model_admin
        scope = scope_of(request)
        rows = Tenant.objects.order_by("name")
        if scope is not None:
            rows = rows.filter(uid__in=scope)
        offered = [(str(uid), name) for uid, name in rows.values_list("uid", "name")]
        platform = [(str(PLATFORM), "platform")] if scope is None else []
        return [*platform, *offered[:_TENANTS_OFFERED]]

    def queryset(self, request: HttpRequest, queryset: Events) -> Events:
        """Confine to one tenant; to find something in all, name them: indexes begin with it."""
        chosen = _uid(self.value() or "")
        if chosen is not None:
            return queryset.filter(tenant_uid=chosen)
        is_searched = any(request.GET.get(name) for name in _SEARCHED)
        return queryset.filter(tenant_uid__in=audit_tenants()) if is_searched else queryset


class WordFilter(admin.SimpleListFilter):
    """Asks for a word instead of offering all that there are."""

    template = "admin/word_filter.html"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        del request, model_admin
        return [("", "")]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Yield the one choice that the template makes a form of."""
        given = changelist.get_filters_params()
        others = [
            (name, value)
            for name, values in given.items()
            if name != self.parameter_name
            for value in (values if isinstance(values, list) else [values])
        ]
        yield {"value": self.value() or "", "name": self.parameter_name, "others": others}

    def queryset(self, request: HttpRequest, queryset: Events) -> Events:
        del request
        word = (self.value() or "").strip().replace("\0", "")
        return self.matching(queryset, word) if word else queryset

    def matching(self, rows: Events, word: str) -> Events:
        """Return the rows that the word fits."""
        return rows.filter(**{str(self.parameter_name): word})


class ProjectFilter(WordFilter):
    title = "project (name or uid)"
    parameter_name = "project"

    def matching(self, rows: Events, word: str) -> Events:
        uid = _uid(word)
        named = Project.everything.filter(name=word).values_list("uid", flat=True)
        return rows.filter(project_uid__in=[uid] if uid else list(named))


class ActorFilter(WordFilter):
    title = "actor"
    parameter_name = "actor"

    def matching(self, rows: Events, word: str) -> Events:
        return rows.filter(actor__in=names_of_actor(word))


class ActionFilter(WordFilter):
    title = "action"
    parameter_name = "action"


class KindFilter(WordFilter):
    title = "kind"
    parameter_name = "kind"


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin[AuditEvent]):
    list_display = (
        "sequence",
        "tenant",
        "at",
        "actor",
        "action",
        "kind",
        "object_name",
        "address",
        "reason",
    )
    list_filter = (TenantFilter, ProjectFilter, ActorFilter, ActionFilter, KindFilter, "at")
    search_fields = ("object_name", "object_uid", "actor", "action")
    search_help_text = "A name or a uid of what was acted on, an actor or an action: in full."
    sortable_by = ()
    paginator = SomePages

    def get_ordering(self, request: HttpRequest) -> tuple[str]:
        """Order as the index does that a list of one tenant, or of all, is read from."""
        return ("-sequence",) if request.GET.get("tenant") else ("-pk",)

    def get_queryset(self, request: HttpRequest) -> Events:
        names = Tenant.objects.filter(uid=OuterRef("tenant_uid")).values("name")[:1]
        return super().get_queryset(request).annotate(tenant_name=Subquery(names))

    @admin.display(description="tenant")
    def tenant(self, event: AuditEvent) -> str:
        if event.tenant_uid == PLATFORM:
            return "platform"
        name: str | None = getattr(event, "tenant_name", None)
        return name or str(event.tenant_uid)

    def get_search_results(
        self, request: HttpRequest, queryset: Events, search_term: str
    ) -> tuple[Events, bool]:
        """Look for a term in the first column that holds it."""
        del request
        term = search_term.strip().replace("\0", "")
        if not term:
            return queryset, False
        uid = _uid(term)
        if uid is not None:
            return queryset.filter(object_uid=uid), False
        for wanted in ({"object_name": term}, {"actor__in": names_of_actor(term)}):
            found = queryset.filter(**wanted)
            if found.order_by().exists():
                return found, False
        return queryset.filter(action=term), False


@admin.register(AuditChain)
class AuditChainAdmin(ReadOnlyAdmin[AuditChain]):
    list_display = ("tenant_uid", "length", "head")
    list_filter = ("length",)
    search_fields = ("tenant_uid", "head")
    ordering = ("tenant_uid",)


@admin.register(AuditCheckpoint)
class AuditCheckpointAdmin(ReadOnlyAdmin[AuditCheckpoint]):
    list_display = ("tenant_uid", "length", "head", "at")
    list_filter = ("at",)
    search_fields = ("tenant_uid", "head")
    ordering = ("-pk",)


def _uid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
