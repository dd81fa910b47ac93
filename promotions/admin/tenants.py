"""Tenants: created, suspended, resumed and deleted by operators; the quotas they keep within."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse

from common.admin import ReadOnlyAdmin, ScopedAdmin, scope_of
from common.clock import now
from common.errors import InvalidError, PlatformError
from projects.models import Quota, Tenant
from projects.services.quotas import LIMITS
from projects.services.tenants import check_name, create_tenant, resume_tenant, suspend_tenant
from promotions.models import SlotWait
from promotions.services.tenants import delete_tenant, update_tenant
from rbac.web import request_actor


class TenantForm(forms.ModelForm[Tenant]):
    """A tenant and the limits of its quota; an empty limit is none."""

    max_projects = forms.IntegerField(required=False, min_value=0)
    max_stages = forms.IntegerField(required=False, min_value=0)
    max_concurrent_promotions = forms.IntegerField(required=False, min_value=0)
    max_storage_bytes = forms.IntegerField(required=False, min_value=0)

    class Meta:
        model = Tenant
        fields = ("name", "title")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        quota = Quota.objects.filter(tenant=self.instance.pk).first()
        for name in LIMITS:
            if quota is not None and name in self.fields:
                self.fields[name].initial = getattr(quota, name)

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        try:
            check_name(name)
        except InvalidError as error:
            raise forms.ValidationError(error.message) from error
        return name

    def limits(self) -> dict[str, object]:
        return {name: self.cleaned_data[name] for name in LIMITS if name in self.changed_data}


class ConfirmDeletion(forms.Form):
    """The name again, and why."""

    confirmation = forms.CharField(label="Type the tenant's name again")
    reason = forms.CharField(required=False)


@admin.register(Tenant)
class TenantAdmin(ScopedAdmin[Tenant]):
    """The name is part of addresses, so it is given once; who administers a tenant titles it."""

    form = TenantForm
    list_display = ("name", "title", "uid", "state", "created_at", "suspended_at")
    list_filter = ("suspended_at", "deletion_requested_at")
    search_fields = ("name", "title", "uid")
    ordering = ("name",)
    actions = ("suspend", "resume", "delete_for_good")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if scope_of(request) is not None:
            return ("name", "title", "suspended_at")
        limits = tuple(LIMITS)
        if obj is None:
            return ("name", "title", *limits)
        return ("name", "title", *limits, "suspended_at", "deletion_requested_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        del request
        return ("name", "suspended_at", "deletion_requested_at") if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if scope_of(request) is not None:
            return self.has_view_permission(request, obj)
        if obj is not None and obj.deletion_requested_at is not None:
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False

    def has_suspend_permission(self, request: HttpRequest) -> bool:
        """Return whether somebody may do what the actions do."""
        return scope_of(request) is None

    def save_model(self, request: HttpRequest, obj: Tenant, form: Any, change: Any) -> None:
        actor, at = request_actor(request), now()
        limits = form.limits() if scope_of(request) is None else {}
        try:
            if change:
                update_tenant(
                    obj, title=form.cleaned_data["title"], limits=limits, actor=actor, now=at
                )
                return
            made = create_tenant(obj.name, title=obj.title, limits=limits, actor=actor, now=at)
        except PlatformError as error:  # it was made, or is being deleted, since the form was
            raise PermissionDenied(error.message) from error
        obj.pk, obj.uid = made.pk, made.uid

    @admin.action(description="Suspend selected tenants", permissions=["suspend"])
    def suspend(self, request: HttpRequest, queryset: QuerySet[Tenant]) -> None:
        for tenant in queryset:
            self._do(request, tenant, suspend_tenant, said="is suspended", reason="from the admin")

    @admin.action(description="Resume selected tenants", permissions=["suspend"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Tenant]) -> None:
        for tenant in queryset:
            self._do(request, tenant, resume_tenant, said="goes on")

    @admin.action(description="Delete for good…", permissions=["suspend"])
    def delete_for_good(
        self, request: HttpRequest, queryset: QuerySet[Tenant]
    ) -> HttpResponseBase | None:
        chosen = list(queryset[:2])
        if len(chosen) != 1:
            self.message_user(request, "Choose one tenant.", messages.ERROR)
            return None
        tenant = chosen[0]
        form = ConfirmDeletion(request.POST if "confirmation" in request.POST else None)
        if form.is_valid():
            self._do(request, tenant, delete_tenant, said="is being deleted", **form.cleaned_data)
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": f"Delete the tenant {tenant.name}",
            "opts": self.opts,
            "tenant": tenant,
            "form": form,
            "action_checkbox_name": helpers.ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "admin/projects/tenant/delete_for_good.html", context)

    def _do(
        self, request: HttpRequest, tenant: Tenant, service: Any, *, said: str, **facts: str
    ) -> None:
        try:
            service(tenant, actor=request_actor(request), now=now(), **facts)
        except PlatformError as error:
            self.message_user(request, error.message, messages.ERROR)
        else:
            self.message_user(request, f"The tenant {tenant.name} {said}.")


@admin.register(Quota)
class QuotaAdmin(ReadOnlyAdmin[Quota]):
    """Limits are changed on the tenant's page."""

    list_display = ("tenant", *LIMITS, "storage_bytes")
    list_filter = ("max_concurrent_promotions",)
    list_select_related = ("tenant",)
    search_fields = ("tenant__name",)
    ordering = ("tenant__name",)


@admin.register(SlotWait)
class SlotWaitAdmin(ReadOnlyAdmin[SlotWait]):
    list_display = ("stage", "tenant_uid", "since")
    list_filter = ("since",)
    list_select_related = ("stage",)
    search_fields = ("stage__name", "tenant_uid")
    ordering = ("since", "pk")
