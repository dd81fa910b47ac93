"""Support pages about projects and what tenants keep; those of tenants are in promotions."""

from typing import Any

from allauth.mfa.admin import Authenticator
from allauth.socialaccount.admin import SocialAccount, SocialApp, SocialToken
from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from common.admin import ReadOnlyAdmin, ResourceAdmin, ScopedAdmin, scope_of
from common.clock import now
from projects.models import (
    Change,
    ClusterConfig,
    ConfigMap,
    IdentityProvider,
    Project,
    ProjectConfig,
    Secret,
    Tenant,
    TenantKey,
)
from projects.services.identity_provider_checks import check_identity_provider
from projects.services.identity_provider_specs import ProviderSpec, problems_in
from projects.services.identity_providers import (
    create_identity_provider,
    delete_identity_provider,
    is_name_taken,
    update_identity_provider,
)
from rbac.oidc.checks import Severity
from rbac.oidc.providers import DEFAULT_SCOPES
from rbac.services.second_factors import remove_second_factor
from rbac.web import request_actor

_MOST_CHECKED = 10


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


for _model in (Authenticator, SocialAccount, SocialApp, SocialToken):
    admin.site.unregister(_model)


@admin.register(Authenticator)
class SecondFactorAdmin(ReadOnlyAdmin[Authenticator]):
    """Who has one; an operator takes it from somebody who has lost it."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    list_select_related = ("user",)
    search_fields = ("user__username", "user__email")
    fields = ("user", "type", "created_at", "last_used_at")
    ordering = ("-pk",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del obj
        return bool(getattr(request.user, "is_superuser", False))

    def delete_model(self, request: HttpRequest, obj: Authenticator) -> None:
        remove_second_factor(obj.user, actor=request_actor(request), now=now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Authenticator]) -> None:
        for factor in queryset.select_related("user"):
            self.delete_model(request, factor)


class WordsField(forms.CharField):
    """A list of words, written with spaces between them."""

    def prepare_value(self, value: Any) -> Any:
        return " ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return list(dict.fromkeys(str(value or "").replace(",", " ").split()))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(self.prepare_value(initial)) != self.to_python(data))


class IdentityProviderForm(forms.ModelForm[IdentityProvider]):
    """What is said of a provider; its secret goes in and never comes out."""

    client_secret = forms.CharField(
        required=False,
        strip=False,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
        help_text="Leave empty to keep the one that is there; a new public client has none.",
    )
    forget_secret = forms.BooleanField(required=False, help_text="Make it a public client.")
    scopes = WordsField(initial=list(DEFAULT_SCOPES))
    email_domains = WordsField(required=False, help_text="Empty: whoever the provider vouches for.")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        spec, tenant = self.spec(), cleaned.get("tenant") or self.instance.tenant
        for problem in problems_in(spec, tenant):
            self.add_error(problem.path if problem.path in self.fields else None, problem.reason)
        if is_name_taken(spec.name, tenant, but=self.instance):
            self.add_error(None, "There is an identity provider of that name already.")
        return cleaned

    def spec(self) -> ProviderSpec:
        """Return what was filled in."""
        given = self.cleaned_data
        secret = "" if given["forget_secret"] else given["client_secret"] or None
        return ProviderSpec(
            name=given.get("name") or self.instance.name,
            title=given["title"],
            issuer=given["issuer"],
            client_id=given["client_id"],
            client_secret=secret,
            cli_client_id=given["cli_client_id"],
            client_auth=given["client_auth"],
            scopes=tuple(given["scopes"]),
            username_claim=given["username_claim"],
            groups_claim=given["groups_claim"],
            email_domains=tuple(given["email_domains"]),
            trusts_email=given["trusts_email"],
            ends_provider_session=given["ends_provider_session"],
            is_enabled=given["is_enabled"],
        )


@admin.register(IdentityProvider)
class IdentityProviderAdmin(ScopedAdmin[IdentityProvider]):
    """Without a tenant it is the platform's own. Name and tenant are part of its addresses.

    Those who administer a tenant write its own here, as they may through the API.
    """

    actions = ("check_providers",)

    form = IdentityProviderForm
    list_display = ("name", "tenant", "issuer", "client_id", "is_enabled", "updated_at")
    list_filter = ("tenant", "is_enabled")
    list_select_related = ("tenant",)
    search_fields = ("name", "title", "issuer", "tenant__name")
    ordering = ("name", "pk")
    fields = (
        *("tenant", "name", "title", "issuer", "client_id", "client_secret", "forget_secret"),
        *("client_auth", "cli_client_id", "scopes", "username_claim", "groups_claim"),
        *("email_domains", "trusts_email", "ends_provider_session", "is_enabled"),
    )

    @admin.action(description="Check what they publish", permissions=["change"])
    def check_providers(self, request: HttpRequest, queryset: QuerySet[IdentityProvider]) -> None:
        """Ask the first ten that are chosen, and say what does not fit."""
        for provider in queryset[:_MOST_CHECKED]:
            report, name = check_identity_provider(provider), f"Identity provider {provider.name}"
            for problem in report.problems:
                level = messages.ERROR if problem.severity is Severity.ERROR else messages.WARNING
                self.message_user(request, f"{name}: {problem.message}", level)
            if not report.problems:
                self.message_user(request, f"{name}: all fits.", messages.SUCCESS)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) or bool(scope_of(request))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) or _is_theirs(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) or _is_theirs(request, obj)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer those who are no operators their own tenants, and have them choose one."""
        scope = scope_of(request)
        if db_field.name == "tenant" and scope is not None:
            kwargs |= {"queryset": Tenant.objects.filter(uid__in=scope), "required": True}
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        may_write = self.has_change_permission(request, obj)
        hidden = set() if may_write else {"client_secret", "forget_secret"}
        return [name for name in super().get_fields(request, obj) if name not in hidden]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        del request
        return ("tenant", "name") if obj else ()

    def save_model(
        self, request: HttpRequest, obj: IdentityProvider, form: Any, change: Any
    ) -> None:
        actor, at = request_actor(request), now()
        if change:
            update_identity_provider(obj, form.spec(), actor=actor, now=at)
            return
        made = create_identity_provider(obj.tenant, form.spec(), actor=actor, now=at)
        obj.pk, obj.uid = made.pk, made.uid

    def delete_model(self, request: HttpRequest, obj: IdentityProvider) -> None:
        delete_identity_provider(obj, actor=request_actor(request), now=now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[IdentityProvider]) -> None:
        for provider in queryset:
            self.delete_model(request, provider)


def _is_theirs(request: HttpRequest, provider: IdentityProvider | None) -> bool:
    """Return whether somebody administers the tenant whose provider it is, or any at all."""
    scope = scope_of(request) or frozenset()
    if provider is None:
        return bool(scope)
    return provider.tenant is not None and provider.tenant.uid in scope


@admin.register(TenantKey)
class TenantKeyAdmin(ReadOnlyAdmin[TenantKey]):
    """Which data keys there are; the keys themselves are on no page."""

    list_display = ("tenant_uid", "number", "wrapped_by", "created_at", "retired_at")
    list_filter = ("retired_at", "created_at")
    search_fields = ("tenant_uid", "wrapped_by")
    fields = ("tenant_uid", "number", "wrapped_by", "created_at", "retired_at")
    ordering = ("tenant_uid", "-number")


@admin.register(Change)
class ChangeAdmin(ReadOnlyAdmin[Change]):
    list_display = ("id", "at", "type", "kind", "name", "project_uid")
    list_filter = ("kind", "type", "at")
    search_fields = ("name", "uid", "project_uid", "tenant_uid")
    ordering = ("-pk",)
