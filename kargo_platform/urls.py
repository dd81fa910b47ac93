"""The URL table: admin, sign-in, the APIs and the portal."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import RedirectView

from kargo_platform.health import Healthz
from kargo_platform.openapi.views import GetSchema, ShowApi
from kargo_platform.slashes import WithoutSlash
from kargo_platform.tools_page import show_tools
from projects.portal.sign_out import SignOut
from rbac.rest.routing import by_method
from rbac.web import no_such_page

_V1BETA1: list[URLPattern | URLResolver] = [
    path("", include("projects.api.v1beta1.urls")),
    path("", include("promotions.api.v1beta1.urls")),
    re_path(".*/$", csrf_exempt(WithoutSlash.as_view())),
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
    path("api/schema", by_method(get=GetSchema), name="api-schema"),
    path("api/docs", ShowApi.as_view(), name="api-docs"),
    path("api/v1/", include("promotions.api.v1.platform_urls")),
    path("api/v1/", include(_V1)),
    path("t/<slug:tenant>/api/v1/", include(_V1)),
    path("webhooks/", include("promotions.webhooks.urls")),
    path("admin/tools/", admin.site.admin_view(show_tools), name="tools"),
    path("admin/logout/", SignOut.as_view()),
    path("admin/password_change/", RedirectView.as_view(pattern_name="account_change_password")),
    path("admin/", admin.site.urls),
    path("accounts/email/", no_such_page),
    path("accounts/password/set/", no_such_page),
    path("", include("projects.portal.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/", include("projects.portal.social_urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("", include("promotions.portal.urls")),
]
