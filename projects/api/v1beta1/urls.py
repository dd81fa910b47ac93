"""Routes of ``/v1beta1`` that come before any project: sign-in and the system."""

from django.urls import URLPattern, URLResolver, include, path

from projects.api.v1beta1.login import LogIn
from projects.api.v1beta1.system import PublicServerConfig, ServerConfig, ServerVersion
from rbac.rest.routing import by_method

urlpatterns: list[URLPattern | URLResolver] = [
    path("login", by_method(post=LogIn), name="api-login"),
    path(
        "system/public-server-config",
        by_method(get=PublicServerConfig),
        name="api-public-server-config",
    ),
    path("system/server-version", by_method(get=ServerVersion), name="api-server-version"),
    path("system/server-config", by_method(get=ServerConfig), name="api-server-config"),
    path("", include("projects.api.v1beta1.access_urls")),
]
