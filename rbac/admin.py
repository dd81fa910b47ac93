"""Support pages about people, tokens, roles and the audit."""

from typing import Any, TypeVar

from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from common.admin import ReadOnlyAdmin
from common.clock import now
from common.errors import ConflictError
from rbac.audit import PLATFORM, Act, record
from rbac.models import ApiToken, AuditChain, AuditEvent, RoleBinding, RoleName, User
from rbac.services import grant_role, issue_token, revoke_role, revoke_token
from rbac.web import request_actor

ModelT = TypeVar("ModelT", bound=Model)

admin.site.site_header = admin.site.site_title = "Kargo Platform operators"
admin.site.unregister(Group)


class AuditedAdmin(admin.ModelAdmin[ModelT]):
    """Writes the audit, in the transaction of the act, for rows that no service writes.

    Django calls these methods for every addition, change and deletion, passwords included.
    """

    def log_addition(self, request: HttpRequest, obj: ModelT, message: Any) -> LogEntry:
        self._audit(request, obj, act="create", message=message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: ModelT, message: Any) -> LogEntry:
        self._audit(request, obj, act="update", message=message)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[ModelT]) -> Any:
        for row in queryset:
            self._audit(request, row, act="delete", message="")
        return super().log_deletions(request, queryset)

    def _audit(self, request: HttpRequest, obj: Model, *, act: str, message: Any) -> None:
        uid = getattr(obj, "uid", None)
        kind = type(obj).__name__
        entry = Act(
            action=f"{kind.lower()}.{act}",
            kind=kind,
            tenant_uid=uid if uid and kind == "Tenant" else PLATFORM,
            object_uid=uid,
            object_name=str(obj),
            after={"changes": message} if message else None,
        )
        record(entry, actor=request_actor(request), at=now())


@admin.register(User)
class PersonAdmin(AuditedAdmin[User], UserAdmin[User]):
    list_display = ("username", "email", "is_superuser", "is_active", "last_login")
    list_filter = ("is_superuser", "is_active")
    search_fields = ("username", "email", "uid")
    ordering = ("username",)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Access", {"fields": ("is_active", "is_staff", "is_superuser")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    filter_horizontal = ()


@admin.register(RoleBinding)
class RoleBindingAdmin(admin.ModelAdmin[RoleBinding]):
    """Granting and taking back go through services; a binding never changes."""

    list_display = ("user", "role", "tenant_uid", "project_uid", "created_at")
    list_filter = ("role",)
    list_select_related = ("user",)
    search_fields = ("user__username", "user__email", "tenant_uid", "project_uid")
    autocomplete_fields = ("user",)
    ordering = ("-pk",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False

    def save_model(
        self, request: HttpRequest, obj: RoleBinding, form: ModelForm[RoleBinding], change: Any
    ) -> None:
        del form, change
        obj.pk = grant_role(
            obj.user,
            role=RoleName(obj.role),
            tenant_uid=obj.tenant_uid,
            project_uid=obj.project_uid,
            actor=request_actor(request),
            now=now(),
        ).pk

    def delete_model(self, request: HttpRequest, obj: RoleBinding) -> None:
        revoke_role(obj, actor=request_actor(request), now=now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[RoleBinding]) -> None:
        for binding in queryset:
            self.delete_model(request, binding)


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin[ApiToken]):
    """A new token is shown once, in a message; afterwards it can only be revoked."""

    list_display = ("name", "user", "prefix", "tenant_uid", "expires_at", "last_used_at")
    list_filter = ("revoked_at", "expires_at")
    list_select_related = ("user",)
    search_fields = ("name", "prefix", "user__username")
    fields = ("user", "name", "tenant_uid", "expires_at")
    autocomplete_fields = ("user",)
    ordering = ("-pk",)
    actions = ("revoke",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False

    def save_model(
        self, request: HttpRequest, obj: ApiToken, form: ModelForm[ApiToken], change: Any
    ) -> None:
        del form, change
        token, plaintext = issue_token(
            obj.user,
            name=obj.name,
            tenant_uid=obj.tenant_uid,
            expires_at=obj.expires_at,
            actor=request_actor(request),
            now=now(),
        )
        obj.pk, obj.prefix = token.pk, token.prefix
        self.message_user(
            request, f"Copy the token now, it is not shown again: {plaintext}", messages.WARNING
        )

    @admin.action(description="Revoke selected tokens", permissions=["view"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        for token in queryset:
            try:
                revoke_token(token, actor=request_actor(request), now=now())
            except ConflictError as error:
                self.message_user(request, error.message, messages.WARNING)


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin[AuditEvent]):
    list_display = ("sequence", "at", "actor", "action", "kind", "object_name", "address")
    list_filter = ("action", "kind", "at")
    search_fields = ("actor", "action", "object_name", "object_uid", "project_uid", "tenant_uid")
    ordering = ("-pk",)


@admin.register(AuditChain)
class AuditChainAdmin(ReadOnlyAdmin[AuditChain]):
    list_display = ("tenant_uid", "length", "head")
    list_filter = ("length",)
    search_fields = ("tenant_uid", "head")
    ordering = ("tenant_uid",)
