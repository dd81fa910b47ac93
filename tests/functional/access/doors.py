"""Every way in: each route of the URL table with each method that it takes."""

import re
from dataclasses import dataclass
from typing import Any

from django.urls import get_resolver

from rbac.checks import routes
from rbac.rest.routing import can_be_watched, handlers_of

_TENANT = "t/<slug:tenant>/"
_VARIABLE = re.compile(r"<(?:\w+:)?(?P<name>\w+)>")
_METHODS = ("get", "post", "put", "patch", "delete")
_NO_ROUTES = ("static/", "accounts/", "admin/")
"""Pages of Django and allauth: tests/functional/admin and tests/functional/rbac are about them."""


@dataclass(frozen=True, slots=True)
class Door:
    """One method of one route, without the tenant's prefix; ``WATCH`` is a GET that waits."""

    method: str
    route: str
    is_tenants: bool = True

    def __str__(self) -> str:
        return f"{self.method} /{self.route}"

    @property
    def is_api(self) -> bool:
        """Whether programs come in here, with tokens; others are pages, with sessions."""
        return self.route.startswith(("v1beta1/", "api/v1/"))

    def path(self, names: dict[str, str], *, tenant: str) -> str:
        """Return the address, with ``names`` in the places of its variables.

        It is under ``tenant`` but for what no tenant has.
        """
        filled = _VARIABLE.sub(lambda found: names[found["name"]], self.route)
        return f"/t/{tenant}/{filled}" if self.is_tenants else f"/{filled}"


def doors() -> list[Door]:
    """Return all doors in order; a route that tenants have too is listed once."""
    table = list(routes(get_resolver().url_patterns))
    of_tenants = {route.removeprefix(_TENANT) for route, _ in table if route.startswith(_TENANT)}
    found = {
        Door(method.upper(), plain, plain in of_tenants or _is_page(plain))
        for route, callback in table
        if not (plain := route.removeprefix(_TENANT)).startswith(_NO_ROUTES)
        for method in _methods(callback)
    }
    return sorted(found, key=lambda it: (it.route, it.method))


def _is_page(route: str) -> bool:
    return not route.startswith(("v1beta1/", "api/", "healthz"))


def _methods(callback: Any) -> list[str]:
    if handlers := handlers_of(callback):
        return [*handlers, *(["watch"] if can_be_watched(callback) else [])]
    view = getattr(callback, "view_class", None)
    if view is None:
        return ["get"]
    allowed = {name.lower() for name in view.http_method_names}
    return [it for it in _METHODS if it in allowed and hasattr(view, it)]
