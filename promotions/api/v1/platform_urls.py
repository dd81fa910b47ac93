"""Routes of ``/api/v1`` about the platform: its tenants, their ways in, their control planes."""

from django.urls import path

from promotions.api.v1.check_control_plane import CheckControlPlane
from promotions.api.v1.check_identity_provider import (
    CheckIdentityProvider,
    CheckPlatformIdentityProvider,
)
from promotions.api.v1.create_identity_provider import (
    CreateIdentityProvider,
    CreatePlatformIdentityProvider,
)
from promotions.api.v1.create_tenant import CreateTenant
from promotions.api.v1.delete_control_plane import DeleteControlPlane
from promotions.api.v1.delete_identity_provider import (
    DeleteIdentityProvider,
    DeletePlatformIdentityProvider,
)
from promotions.api.v1.delete_tenant import DeleteTenant
from promotions.api.v1.disable_control_plane import DisableControlPlane
from promotions.api.v1.enable_control_plane import EnableControlPlane
from promotions.api.v1.get_control_plane import GetControlPlane
from promotions.api.v1.get_identity_provider import (
    GetIdentityProvider,
    GetPlatformIdentityProvider,
)
from promotions.api.v1.get_tenant import GetTenant
from promotions.api.v1.list_control_planes import ListControlPlanes
from promotions.api.v1.list_identity_providers import (
    ListIdentityProviders,
    ListPlatformIdentityProviders,
)
from promotions.api.v1.list_tenants import ListTenants
from promotions.api.v1.register_control_plane import RegisterControlPlane
from promotions.api.v1.resume_tenant import ResumeTenant
from promotions.api.v1.rotate_control_plane import RotateControlPlane
from promotions.api.v1.suspend_tenant import SuspendTenant
from promotions.api.v1.update_control_plane import UpdateControlPlane
from promotions.api.v1.update_identity_provider import (
    UpdateIdentityProvider,
    UpdatePlatformIdentityProvider,
)
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
    path(
        "tenants/<str:tenant>/identity-providers",
        by_method(get=ListIdentityProviders, post=CreateIdentityProvider),
        name="api-identity-providers",
    ),
    path(
        "tenants/<str:tenant>/identity-providers/<str:provider>",
        by_method(
            get=GetIdentityProvider, patch=UpdateIdentityProvider, delete=DeleteIdentityProvider
        ),
        name="api-identity-provider",
    ),
    path(
        "tenants/<str:tenant>/identity-providers/<str:provider>/check",
        by_method(post=CheckIdentityProvider),
        name="api-check-identity-provider",
    ),
    path(
        "tenants/<str:tenant>/control-planes",
        by_method(get=ListControlPlanes, post=RegisterControlPlane),
        name="api-control-planes",
    ),
    path(
        "tenants/<str:tenant>/control-planes/<str:plane>",
        by_method(get=GetControlPlane, patch=UpdateControlPlane, delete=DeleteControlPlane),
        name="api-control-plane",
    ),
    path(
        "tenants/<str:tenant>/control-planes/<str:plane>/check",
        by_method(post=CheckControlPlane),
        name="api-check-control-plane",
    ),
    path(
        "tenants/<str:tenant>/control-planes/<str:plane>/rotate",
        by_method(post=RotateControlPlane),
        name="api-rotate-control-plane",
    ),
    path(
        "tenants/<str:tenant>/control-planes/<str:plane>/enable",
        by_method(post=EnableControlPlane),
        name="api-enable-control-plane",
    ),
    path(
        "tenants/<str:tenant>/control-planes/<str:plane>/disable",
        by_method(post=DisableControlPlane),
        name="api-disable-control-plane",
    ),
    path(
        "identity-providers",
        by_method(get=ListPlatformIdentityProviders, post=CreatePlatformIdentityProvider),
        name="api-platform-identity-providers",
    ),
    path(
        "identity-providers/<str:provider>",
        by_method(
            get=GetPlatformIdentityProvider,
            patch=UpdatePlatformIdentityProvider,
            delete=DeletePlatformIdentityProvider,
        ),
        name="api-platform-identity-provider",
    ),
    path(
        "identity-providers/<str:provider>/check",
        by_method(post=CheckPlatformIdentityProvider),
        name="api-check-platform-identity-provider",
    ),
]
