"""Who may use the admin, and for which tenants."""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, reverse

from common.admin import SCOPE
from projects.selectors import open_tenants
from rbac.authorizer import administered_tenants
from rbac.models import User
from rbac.selectors.second_factor import owes_second_factor
from rbac.web import request_actor


class TenantAdminSite(AdminSite):
    """Lets in operators and, for the rows of their tenants, staff who administer a tenant."""

    def has_permission(self, request: HttpRequest) -> bool:
        """Return whether somebody may come in, having noted on the request for which tenants.

        A tenant that is suspended is not there for those who administer it.
        """
        user = request.user
        if not isinstance(user, User) or not user.is_active or not user.is_staff:
            return False
        if user.is_superuser:
            return not owes_second_factor(user, request.session)
        scope = open_tenants(administered_tenants(request_actor(request)))
        setattr(request, SCOPE, scope)
        return bool(scope)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Return the admin's addresses, but for the one that leads to any row by its kind and key.

        Nothing here has a page for it to lead to, and it tells whether a row is there.
        """
        return [it for it in super().get_urls() if getattr(it, "name", "") != "view_on_site"]

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Send people to the one sign-in page, which asks for second factors and counts attempts.

        Raises:
            PermissionDenied: They have signed in, and have no business here.
        """
        del extra_context
        user = request.user
        if not isinstance(user, User):
            return redirect_to_login(request.GET.get("next") or reverse("admin:index"))
        if owes_second_factor(user, request.session):
            return redirect("mfa_activate_totp")
        if self.has_permission(request):
            return redirect("admin:index")
        raise PermissionDenied
