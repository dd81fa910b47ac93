"""The URL table: admin, sign-in, the APIs and the portal."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path

from kargo_platform.health import Healthz
from rbac.rest.routing import by_method

_V1BETA1: list[URLPattern | URLResolver] = [
    path("", include("projects.api.v1beta1.urls")),
    path("", include("promotions.api.v1beta1.urls")),
    re_path("", by_method()),
]

urlpatterns = [
    path("healthz", Healthz.as_view(), name="healthz"),
    path("v1beta1/", include(_V1BETA1)),
    path("t/<slug:tenant>/healthz", Healthz.as_view(), name="healthz"),
    path("t/<slug:tenant>/v1beta1/", include(_V1BETA1)),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.account.urls")),
    path("", include("promotions.portal.urls")),
]
