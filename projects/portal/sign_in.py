"""The sign-in page: a password, and a button for each identity provider."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from allauth.account.views import LoginView
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from projects.portal.oidc import home_of, login_address
from projects.services.sign_in import sign_in_providers
from projects.web import tenant_name_of
from rbac.addresses import is_own_page
from rbac.authorizer import PUBLIC


@dataclass(frozen=True, slots=True)
class Button:
    """A way in: what it is called, and where it begins."""

    title: str
    url: str


class SignIn(LoginView):  # type: ignore[misc] # allauth ships no types
    """Shows what lets people into one tenant, the default one if the address names none."""

    access_verb = PUBLIC

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        request, tenant = self.request, tenant_name_of(self.request)
        page = _wanted_page(request) or home_of(request, tenant)
        query = urlencode({"next": page})
        ways = [
            *(
                (row.title or row.name, login_address(request, row))
                for row in sign_in_providers(tenant)
            ),
            *_social_ways(),
        ]
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return {**context, "buttons": [Button(title, f"{url}?{query}") for title, url in ways]}


def _wanted_page(request: HttpRequest) -> str:
    """Return the page that somebody wanted to see, if it is one of ours."""
    page = request.POST.get("next") or request.GET.get("next") or ""
    return page if is_own_page(page) else ""


def _social_ways() -> list[tuple[str, str]]:
    return [(title, reverse(f"{provider}_login")) for provider, title in settings.SOCIAL_PROVIDERS]
