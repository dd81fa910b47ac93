"""Addresses of signing in with GitHub, GitLab and Google: where it begins and where it ends.

The library has one more of Google's, which takes a token that this platform did not ask for.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.socialaccount.providers.github import views as github
from allauth.socialaccount.providers.gitlab import views as gitlab
from allauth.socialaccount.providers.google import views as google
from allauth.socialaccount.views import login_cancelled, login_error
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path

from projects.portal.beginnings import bounded
from projects.portal.social import sent_away

View = Callable[..., Any]
_NONSENSE = (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError)
"""What the library stumbles over when a service answers something of another shape."""


def _sober(finish: View) -> View:
    """Return a view that sends people away when what the service says of them makes no sense."""

    @wraps(finish)
    def within(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        try:
            response: HttpResponseBase = finish(request, *args, **kwargs)
        except _NONSENSE as error:
            return sent_away(request, reason=f"the answer makes no sense: {type(error).__name__}")
        return response

    return within


def _addresses(name: str, begin: View, finish: View) -> list[URLPattern]:
    return [
        path(f"{name}/login/", bounded(begin), name=f"{name}_login"),
        path(f"{name}/login/callback/", _sober(finish), name=f"{name}_callback"),
    ]


urlpatterns = [
    path("3rdparty/login/cancelled/", login_cancelled, name="socialaccount_login_cancelled"),
    path("3rdparty/login/error/", login_error, name="socialaccount_login_error"),
    *_addresses("github", github.oauth2_login, github.oauth2_callback),
    *_addresses("gitlab", gitlab.oauth2_login, gitlab.oauth2_callback),
    *_addresses("google", google.oauth2_login, google.oauth2_callback),
]
