"""Routes of ``/api/v1`` about the platform as a whole: its tenants."""

from django.urls import path

from promotions.api.v1.create_tenant import CreateTenant
from promotions.api.v1.delete_tenant import DeleteTenant
from promotions.api.v1.get_tenant import GetTenant
from promotions.api.v1.list_tenants import ListTenants
from promotions.api.v1.resume_tenant import ResumeTenant
from promotions.api.v1.suspend_tenant import SuspendTenant
from promotions.api.v1.update_tenant import UpdateTenant
from rbac.rest.routing import by_method

urlpatterns = [
    path("tenants", by_method(get=ListTenants, post=CreateTenant), name="api-tenants"),
    path(
        "tenants/<str:name>",
        by_method(get=GetTenant, patch=UpdateTenant, delete=DeleteTenant),
        name="api-tenant",
    ),
    path("tenants/<str:name>/suspend", by_method(post=SuspendTenant), name="api-suspend-tenant"),
    path("tenants/<str:name>/resume", by_method(post=ResumeTenant), name="api-resume-tenant"),
]
