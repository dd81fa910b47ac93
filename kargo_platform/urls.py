"""The URL table: admin, sign-in, the APIs and the portal."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path

from kargo_platform.health import Healthz
from kargo_platform.tools_page import show_tools
from rbac.rest.routing import by_method
from rbac.web import no_such_page

_V1BETA1: list[URLPattern | URLResolver] = [
    path("", include("projects.api.v1beta1.urls")),
    path("", include("promotions.api.v1beta1.urls")),
    re_path("", by_method()),
]

_V1: list[URLPattern | URLResolver] = [
    path("", include("promotions.api.v1.urls")),
    re_path("", by_method()),
]

urlpatterns = [
    path("healthz", Healthz.as_view(), name="healthz"),
    path("v1beta1/", include(_V1BETA1)),
    path("t/<slug:tenant>/healthz", Healthz.as_view(), name="healthz"),
    path("t/<slug:tenant>/v1beta1/", include(_V1BETA1)),
    path("v1/", include(_V1)),
    path("t/<slug:tenant>/v1/", include(_V1)),
    path("admin/tools/", admin.site.admin_view(show_tools), name="tools"),
    path("admin/", admin.site.urls),
    path("accounts/email/", no_such_page),
    path("accounts/", include("allauth.account.urls")),
    path("", include("promotions.portal.urls")),
]
