"""The operators' page of the tools on this host."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from promotions.wiring import tool_report


@require_safe
def show_tools(request: HttpRequest) -> TemplateResponse:
    """Show which programs the web process sees, and how they are confined."""
    if not request.user.is_superuser:
        raise PermissionDenied
    context = {
        **admin.site.each_context(request),
        "title": "Tools",
        "report": tool_report(),
    }
    return TemplateResponse(request, "admin/tools.html", context)
