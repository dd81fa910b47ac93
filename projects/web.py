"""The frame of the portal's pages: a tenant, and mostly a project, from the address.

Every page is also there under ``/t/<tenant>/``; without that, it is the default tenant's.
"""

import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from inspect import iscoroutinefunction
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import get_script_prefix, set_script_prefix
from django.utils.decorators import sync_and_async_middleware

from projects.models import Project, Tenant
from projects.models.tenant import DEFAULT_TENANT
from projects.services.access import enter_project, enter_tenant, scope_of
from rbac.authorizer import Scope
from rbac.web import AccessMixin

_TENANT_PATH = re.compile(r"(?P<prefix>/t/(?P<tenant>[-\w]+))(?P<rest>/.*)", re.DOTALL)
_NOT_PAGES = ("/v1beta1/", "/api/", "/healthz", "/oidc/", "/admin/", "/static/")
"""What the URL table has under ``/t/<tenant>`` itself, or what no tenant has."""

_GetResponse = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]


@sync_and_async_middleware
def under_tenant(get_response: _GetResponse) -> Callable[[HttpRequest], Any]:
    """Take ``/t/<tenant>`` off the addresses of pages, and put it before every link on them.

    Pages so have one route each, and lead to pages of the same tenant.
    """
    if iscoroutinefunction(get_response):

        async def answer_async(request: HttpRequest) -> Any:
            with _mounted(request):
                return await get_response(request)

        return answer_async

    def answer(request: HttpRequest) -> Any:
        with _mounted(request):
            return get_response(request)

    return answer


def tenant_name_of(request: HttpRequest) -> str:
    """Return the tenant that a page's address names, which need not exist."""
    return str(getattr(request, "tenant_name", DEFAULT_TENANT))


@contextmanager
def _mounted(request: HttpRequest) -> Iterator[None]:
    """Have links begin with the tenant's prefix while a request is answered, and as before then."""
    earlier = get_script_prefix()
    try:
        _mount(request)
        yield
    finally:
        set_script_prefix(earlier)


def _mount(request: HttpRequest) -> None:
    found = _TENANT_PATH.fullmatch(request.path_info)
    before = request.path.removesuffix(request.path_info)
    if found is None or found["rest"].startswith(_NOT_PAGES):
        set_script_prefix(f"{before}/")  # whatever the thread's last request left
        return
    set_script_prefix(f"{before}{found['prefix']}/")
    request.path_info = found["rest"]
    request.tenant_name = found["tenant"]  # type: ignore[attr-defined] # read by tenant_name_of


class TenantMixin(AccessMixin):
    """A page of a tenant."""

    tenant: Tenant

    def enter(self) -> Scope:
        """Find the tenant."""
        self.tenant = enter_tenant(self.actor, tenant_name_of(self.request))
        return Scope(self.tenant.uid)


class ProjectMixin(TenantMixin):
    """A page of a project."""

    project: Project

    def enter(self) -> Scope:
        """Find the project."""
        super().enter()
        self.project = enter_project(self.actor, self.tenant, self.kwargs["project"])
        return scope_of(self.project)
