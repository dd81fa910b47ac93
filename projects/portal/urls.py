"""Addresses of the sign-in."""

from django.urls import path

from projects.portal.oidc import FinishSignIn, StartSignIn
from projects.portal.sign_in import SignIn
from projects.portal.sign_out import SignOut

urlpatterns = [
    path("accounts/login/", SignIn.as_view(), name="account_login"),
    path("accounts/logout/", SignOut.as_view(), name="account_logout"),
    path("oidc/<slug:name>/login/", StartSignIn.as_view(), name="oidc-login"),
    path("oidc/<slug:name>/callback/", FinishSignIn.as_view(), name="oidc-callback"),
    path("t/<slug:tenant>/oidc/<slug:name>/login/", StartSignIn.as_view(), name="oidc-login"),
    path(
        "t/<slug:tenant>/oidc/<slug:name>/callback/", FinishSignIn.as_view(), name="oidc-callback"
    ),
]
