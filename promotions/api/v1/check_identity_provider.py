"""``POST tenants/<tenant>/identity-providers/<provider>/check``, and of the platform's own."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from projects.services.identity_provider_checks import check_identity_provider
from promotions.api.v1.identity_provider_views import PlatformProviderView, TenantProviderView
from rbac.oidc.checks import Report


class CheckIdentityProvider(TenantProviderView):
    """Asks the provider what it publishes, now, and says in words what does not fit."""

    access_verb = "update"

    def post(self, _request: Request, **_: str) -> Response:
        return Response(_report_to(check_identity_provider(self.provider())))


class CheckPlatformIdentityProvider(PlatformProviderView):
    """Asks the provider what it publishes, now, and says in words what does not fit."""

    access_verb = "update"

    def post(self, _request: Request, **_: str) -> Response:
        return Response(_report_to(check_identity_provider(self.provider())))


def _report_to(report: Report) -> dict[str, Any]:
    return {
        "ok": report.is_ok,
        "problems": [
            {"severity": it.severity.value, "about": it.about, "message": it.message}
            for it in report.problems
        ],
        "endpoints": dict(report.endpoints),
    }
