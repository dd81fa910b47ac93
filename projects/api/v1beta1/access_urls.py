"""Routes of ``/v1beta1`` about roles and their tokens."""

from django.urls import URLPattern, URLResolver, include, path

from projects.api.v1beta1.create_api_token import CreateProjectApiToken, CreateSystemApiToken
from projects.api.v1beta1.create_role import CreateRole
from projects.api.v1beta1.delete_api_token import DeleteProjectApiToken, DeleteSystemApiToken
from projects.api.v1beta1.delete_role import DeleteRole
from projects.api.v1beta1.get_api_token import GetProjectApiToken, GetSystemApiToken
from projects.api.v1beta1.get_role import GetProjectRole, GetSystemRole
from projects.api.v1beta1.grant import Grant
from projects.api.v1beta1.list_api_tokens import ListProjectApiTokens, ListSystemApiTokens
from projects.api.v1beta1.list_roles import ListProjectRoles, ListSystemRoles
from projects.api.v1beta1.revoke import Revoke
from projects.api.v1beta1.update_role import UpdateRole
from rbac.rest.routing import by_method

_PROJECT_ROLES = [
    path("", by_method(get=ListProjectRoles, post=CreateRole), name="api-roles"),
    path("/grants", by_method(post=Grant), name="api-grant"),
    path("/revocations", by_method(post=Revoke), name="api-revoke"),
    path(
        "/<str:role>",
        by_method(get=GetProjectRole, put=UpdateRole, delete=DeleteRole),
        name="api-role",
    ),
    path(
        "/<str:role>/api-tokens",
        by_method(post=CreateProjectApiToken),
        name="api-create-api-token",
    ),
]
_PROJECT_TOKENS = [
    path("", by_method(get=ListProjectApiTokens), name="api-list-api-tokens"),
    path(
        "/<str:apitoken>",
        by_method(get=GetProjectApiToken, delete=DeleteProjectApiToken),
        name="api-api-token",
    ),
]
_SYSTEM: list[URLPattern | URLResolver] = [
    path("roles", by_method(get=ListSystemRoles), name="api-system-roles"),
    path("roles/<str:role>", by_method(get=GetSystemRole), name="api-system-role"),
    path(
        "roles/<str:role>/api-tokens",
        by_method(post=CreateSystemApiToken),
        name="api-create-system-api-token",
    ),
    path("api-tokens", by_method(get=ListSystemApiTokens), name="api-list-system-api-tokens"),
    path(
        "api-tokens/<str:apitoken>",
        by_method(get=GetSystemApiToken, delete=DeleteSystemApiToken),
        name="api-system-api-token",
    ),
]

urlpatterns = [
    path("projects/<str:project>/roles", include(_PROJECT_ROLES)),
    path("projects/<str:project>/api-tokens", include(_PROJECT_TOKENS)),
    path("system/", include(_SYSTEM)),
]
