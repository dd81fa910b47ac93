"""Control planes: operators, and those who administer a tenant, write them here."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest

from common.admin import ScopedAdmin, scope_of
from common.clock import now
from common.errors import ConflictError, InvalidError, PlatformError
from common.jsontypes import as_object
from projects.admin import WordsField
from projects.models import ControlPlane, Tenant
from promotions import wiring
from promotions.manifests.control_plane import ControlPlaneManifest
from promotions.selectors.control_planes import missing_permissions, warnings_of
from promotions.services.control_plane_checks import check_control_plane
from promotions.services.control_plane_specs import changed_manifest_of, manifest_of
from promotions.services.control_planes import (
    delete_control_plane,
    disable_control_plane,
    enable_control_plane,
    refuse_double,
    register_control_plane,
    update_control_plane,
)
from rbac.web import request_actor

_MOST_CHECKED = 10
_TEXTS = {"address": "address", "ui_url": "uiUrl", "default_namespace": "defaultNamespace"}
_WORDS = {
    "allowed_namespaces": "allowedNamespaces",
    "app_projects": "appProjects",
    "bound_projects": "projects",
}
_TLS = {
    "tls_mode": "mode",
    "ca_bundle": "caBundle",
    "sha256": "sha256",
    "server_name": "serverName",
}
_PACE = {"per_second": "requestsPerSecond", "burst": "burst", "connections": "connections"}
_CREDENTIAL = ("secret", "token", "kubeconfig")
_MODES = (("system", "the system's authorities"), ("ca", "a CA bundle"), ("pin", "a fingerprint"))


class ControlPlaneForm(forms.ModelForm[ControlPlane]):
    """What is said of a control plane; its credential goes in and never comes out."""

    shard = forms.CharField(required=False, help_text="Empty: the default one.")
    address = forms.CharField(
        required=False, help_text="With Argo CD's root path; a kubeconfig brings its own."
    )
    ui_url = forms.CharField(required=False, label="UI address")
    tls_mode = forms.ChoiceField(choices=_MODES, initial="system", label="Trust")
    ca_bundle = forms.CharField(required=False, widget=forms.Textarea, label="CA bundle")
    sha256 = forms.CharField(required=False, label="SHA-256 fingerprint")
    server_name = forms.CharField(required=False)
    default_namespace = forms.CharField(initial="argocd")
    allowed_namespaces = WordsField(required=False)
    app_projects = WordsField(required=False, label="AppProjects")
    bound_projects = WordsField(
        required=False, label="Projects", help_text="Empty: all of the tenant."
    )
    per_second = forms.IntegerField(initial=10, label="Requests per second")
    burst = forms.IntegerField(initial=20)
    connections = forms.IntegerField(initial=8)
    secret = forms.CharField(required=False, help_text="A Secret in kargo-system-resources.")
    token = forms.CharField(
        required=False,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
        help_text="Leave all three empty to keep the credential that is there.",
    )
    kubeconfig = forms.CharField(
        required=False, widget=forms.PasswordInput(render_value=False), help_text="Its YAML."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        plane = kwargs.get("instance")
        if plane is not None:
            kwargs["initial"] = {**_initial_of(plane), **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                self._refuse_double(self.manifest())
            except ConflictError as error:
                self.add_error("bound_projects", error.message)
            except InvalidError as error:
                for problem in error.problems:
                    self.add_error(None, str(problem))
                if not error.problems:
                    self.add_error(None, error.message)
        return cleaned

    def _refuse_double(self, manifest: ControlPlaneManifest) -> None:
        tenant = self.instance.tenant if self.instance.pk else self.cleaned_data["tenant"]
        refuse_double(ControlPlane(tenant=tenant, uid=self.instance.uid), manifest.spec)

    def manifest(self) -> ControlPlaneManifest:
        """Return what was filled in.

        Raises:
            InvalidError: It is not usable.
        """
        given = self.cleaned_data
        spec: dict[str, Any] = {
            **{key: given[name] or None for name, key in (_TEXTS | _WORDS).items()},
            "kind": given["kind"],
            "shard": given["shard"] or None,
            "enabled": given["is_enabled"],
            "tls": {key: given[name] or None for name, key in _TLS.items()},
            "rateLimit": {key: given[name] for name, key in _PACE.items()},
        }
        if given["secret"]:
            spec["credential"] = {"secretRef": {"name": given["secret"]}}
        elif given["token"] or given["kubeconfig"]:
            said = {"token": given["token"], "kubeconfig": given["kubeconfig"]}
            spec["credential"] = {key: value for key, value in said.items() if value}
        if self.instance.pk:
            return changed_manifest_of(self.instance, spec)
        return manifest_of(given["name"], spec)


@admin.register(ControlPlane)
class ControlPlaneAdmin(ScopedAdmin[ControlPlane]):
    """Name and tenant are part of addresses. Rotating without downtime is the API's."""

    actions = ("check_planes", "enable_planes", "disable_planes")

    form = ControlPlaneForm
    list_display = ("name", "tenant", "kind", "shard", "state", "version", "expires_at")
    list_filter = ("tenant", "state", "kind", "shard")
    list_select_related = ("tenant",)
    search_fields = ("name", "uid", "tenant__name")
    ordering = ("name", "pk")
    fields = (
        *("tenant", "name", "kind", *_TEXTS, *_TLS, "shard", "bound_projects"),
        *("app_projects", "allowed_namespaces", *_PACE, "is_enabled", *_CREDENTIAL),
        *("state", "reason", "version", "to_do", "expires_at", "rotated_at", "last_ok_at"),
    )
    _kept = ("state", "reason", "version", "to_do", "expires_at", "rotated_at", "last_ok_at")

    @admin.display(description="To do")
    def to_do(self, plane: ControlPlane) -> str:
        return " ".join((*warnings_of(plane, now=now()), *missing_permissions(plane))) or "-"

    @admin.action(description="Check them now", permissions=["change"])
    def check_planes(self, request: HttpRequest, queryset: QuerySet[ControlPlane]) -> None:
        """Ask the first ten that are chosen, and say how they are."""
        for plane in queryset[:_MOST_CHECKED]:
            actor, argocds = request_actor(request), wiring.argocds()
            found = check_control_plane(plane, argocds=argocds, actor=actor, now=now())
            level = messages.SUCCESS if found.state == "ready" else messages.WARNING
            said = f"{found.name}: {found.get_state_display()}. {found.reason}"
            self.message_user(request, said.strip(), level)

    @admin.action(description="Enable them", permissions=["change"])
    def enable_planes(self, request: HttpRequest, queryset: QuerySet[ControlPlane]) -> None:
        for plane in queryset:
            enable_control_plane(plane, actor=request_actor(request), now=now())

    @admin.action(description="Disable them", permissions=["change"])
    def disable_planes(self, request: HttpRequest, queryset: QuerySet[ControlPlane]) -> None:
        for plane in queryset:
            disable_control_plane(plane, actor=request_actor(request), now=now())

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) or bool(scope_of(request))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is not None and obj.deleted_at is not None:
            return False
        return super().has_change_permission(request, obj) or _is_theirs(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is not None and obj.deleted_at is not None:
            return False
        return super().has_delete_permission(request, obj) or _is_theirs(request, obj)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer those who are no operators their own tenants."""
        scope = scope_of(request)
        if db_field.name == "tenant" and scope is not None:
            kwargs |= {"queryset": Tenant.objects.filter(uid__in=scope)}
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_fields(request, obj)
        if obj is None:
            return [name for name in fields if name not in self._kept]
        if self.has_change_permission(request, obj):
            return fields
        return ["tenant", "name", "kind", "shard", "is_enabled", *self._kept]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        del request
        return ("tenant", "name", *self._kept) if obj else ()

    def save_model(self, request: HttpRequest, obj: ControlPlane, form: Any, change: Any) -> None:
        facts: dict[str, Any] = {"actor": request_actor(request), "now": now()}
        try:
            if change:
                update_control_plane(obj, form.manifest(), **facts)
                return
            made = register_control_plane(obj.tenant, form.manifest(), **facts)
        except PlatformError as error:  # such as: another one serves these projects
            raise PermissionDenied(error.message) from error
        obj.pk, obj.uid = made.pk, made.uid

    def delete_model(self, request: HttpRequest, obj: ControlPlane) -> None:
        delete_control_plane(obj, actor=request_actor(request), now=now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ControlPlane]) -> None:
        for plane in queryset:
            self.delete_model(request, plane)


def _initial_of(plane: ControlPlane) -> dict[str, Any]:
    spec = plane.spec
    tls, pace = as_object(spec.get("tls")), as_object(spec.get("rateLimit"))
    reference = as_object(as_object(spec.get("credential")).get("secretRef"))
    found: dict[str, Any] = {
        **{name: spec.get(key) for name, key in (_TEXTS | _WORDS).items()},
        **{name: tls.get(key) for name, key in _TLS.items()},
        **{name: pace.get(key) for name, key in _PACE.items()},
        "secret": reference.get("name"),
    }
    return {name: value for name, value in found.items() if value is not None}


def _is_theirs(request: HttpRequest, plane: ControlPlane | None) -> bool:
    """Return whether somebody administers the tenant whose control plane it is, or any at all."""
    scope = scope_of(request) or frozenset()
    return bool(scope) if plane is None else plane.tenant.uid in scope
