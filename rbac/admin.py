"""Support pages about people, tokens, roles and the audit."""

from typing import Any, ClassVar, TypeVar

from allauth.account.admin import EmailAddress
from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.forms import ModelForm, model_to_dict
from django.http import HttpRequest

from common.admin import ReadOnlyAdmin, ScopedAdmin
from common.clock import now
from common.errors import ConflictError
from rbac.audit import PLATFORM, Act, record
from rbac.models import (
    ApiToken,
    Identity,
    Membership,
    Role,
    RoleBinding,
    RoleBindingSubject,
    ServiceAccount,
    ServiceAccountClaim,
    User,
)
from rbac.services import grant_role, issue_token, revoke_role, revoke_token
from rbac.web import request_actor

ModelT = TypeVar("ModelT", bound=Model)

admin.site.site_header = admin.site.site_title = "Kargo Platform operators"
admin.site.unregister([Group, EmailAddress])


_FACTS = "_audited_facts"
"""The attribute of a row that has just been saved that holds what it was and is."""


class AuditedAdmin(ScopedAdmin[ModelT]):
    """Writes the audit, in the transaction of the act, for rows that no service writes.

    Django calls these methods for every addition, change and deletion, passwords included.
    """

    def save_model(
        self, request: HttpRequest, obj: ModelT, form: ModelForm[ModelT], change: Any
    ) -> None:
        """Save it, and remember what it was."""
        old = self.get_queryset(request).filter(pk=obj.pk).first() if change else None
        super().save_model(request, obj, form, change)
        setattr(obj, _FACTS, _facts(old, obj, fields=form.changed_data))

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

    def _audit(self, request: HttpRequest, obj: ModelT, *, act: str, message: Any) -> None:
        shown = flatten_fieldsets(self.get_fieldsets(request, obj))
        before = {"before": model_to_dict(obj, fields=shown)}
        told = {"after": {"changes": message}} if message else before
        uid = getattr(obj, "uid", None)
        kind = type(obj).__name__
        entry = Act(
            action=f"{kind.lower()}.{act}",
            kind=kind,
            tenant_uid=uid if uid and kind == "Tenant" else PLATFORM,
            object_uid=uid,
            object_name=str(obj),
            **getattr(obj, _FACTS, told),
        )
        record(entry, actor=request_actor(request), at=now())


def _facts(old: Model | None, new: Model, *, fields: list[str]) -> dict[str, Any]:
    after = model_to_dict(new, fields=fields)
    return {"before": model_to_dict(old, fields=fields) if old else None, "after": after}


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


@admin.register(Identity)
class IdentityAdmin(ReadOnlyAdmin[Identity]):
    """Whom identity providers vouch for, and what they said of them last."""

    list_display = ("actor_name", "user", "issuer", "tenant_uid", "last_login", "revoked_at")
    list_filter = ("issuer", "revoked_at", "last_login")
    list_select_related = ("user",)
    search_fields = ("actor_name", "subject", "user__username", "user__email", "tenant_uid")
    ordering = ("-last_login", "-pk")


@admin.register(Membership)
class MembershipAdmin(ScopedAdmin[Membership]):
    """Granting and taking back go through services; a membership never changes."""

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
        self, request: HttpRequest, obj: Membership, form: ModelForm[Membership], change: Any
    ) -> None:
        del form, change
        obj.pk = grant_role(
            obj.user,
            role=obj.role,
            tenant_uid=obj.tenant_uid,
            project_uid=obj.project_uid,
            actor=request_actor(request),
            now=now(),
        ).pk

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        revoke_role(obj, actor=request_actor(request), now=now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        for membership in queryset:
            self.delete_model(request, membership)


@admin.register(ApiToken)
class ApiTokenAdmin(ScopedAdmin[ApiToken]):
    """A new token is shown once, in a message; afterwards it can only be revoked."""

    list_display = ("name", "user", "prefix", "tenant_uid", "expires_at", "last_used_at")
    list_filter = ("revoked_at", "expires_at")
    list_select_related = ("user",)
    search_fields = ("name", "prefix", "user__username")
    fields = ("user", "name", "tenant_uid", "expires_at")
    autocomplete_fields = ("user",)
    ordering = ("-pk",)
    actions = ("revoke",)

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Ask for the user: tokens of roles are made with the roles."""
        return super().formfield_for_foreignkey(db_field, request, **kwargs, required=True)

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
            _user_of(obj),
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


def _user_of(token: ApiToken) -> User:
    if token.user is None:
        raise PermissionDenied
    return token.user


class AccessObjectAdmin(ReadOnlyAdmin[ModelT]):
    """Shows what the API, the portal and manifests write."""

    list_display: Any = ("name", "namespace", "tenant_uid", "created_at")
    list_filter: ClassVar[Any] = ("namespace",)
    search_fields: ClassVar[Any] = ("name", "namespace", "uid", "tenant_uid", "project_uid")
    ordering: ClassVar[Any] = ("namespace", "name", "pk")


@admin.register(ServiceAccount)
class ServiceAccountAdmin(AccessObjectAdmin[ServiceAccount]):
    list_filter = ("is_default", "namespace")


@admin.register(Role)
class RoleAdmin(AccessObjectAdmin[Role]):
    pass


@admin.register(RoleBinding)
class RoleBindingAdmin(AccessObjectAdmin[RoleBinding]):
    list_display = ("name", "namespace", "role_kind", "role_name", "tenant_uid")
    list_filter = ("role_kind", "namespace")


@admin.register(RoleBindingSubject)
class RoleBindingSubjectAdmin(ReadOnlyAdmin[RoleBindingSubject]):
    list_display = ("binding", "namespace", "name")
    list_filter = ("namespace",)
    list_select_related = ("binding",)
    search_fields = ("name", "namespace", "binding__name")
    ordering = ("-pk",)


@admin.register(ServiceAccountClaim)
class ServiceAccountClaimAdmin(ReadOnlyAdmin[ServiceAccountClaim]):
    list_display = ("service_account", "name", "value")
    list_filter = ("name",)
    list_select_related = ("service_account",)
    search_fields = ("name", "value", "service_account__name")
    ordering = ("-pk",)
