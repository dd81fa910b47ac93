"""Finds routes whose views do not say who may use them."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.urls import URLPattern, URLResolver, get_resolver

from rbac.authorizer import PUBLIC, SIGNED_IN
from rbac.origin import bad_networks

UNDECLARED = "rbac.E001"
NO_NETWORK = "rbac.E002"

_GUARD_THEMSELVES = ("admin/", "accounts/", "static/")


@register(Tags.urls)
def check_declared_access(
    app_configs: Sequence[AppConfig] | None, **_: object
) -> list[CheckMessage]:
    """Return an error for each route whose view declares no ``access_verb``.

    The admin, sign-in pages and static files are left out: they guard themselves.
    """
    del app_configs
    return [
        Error(
            f'The view of "/{route}" does not declare its access.',
            hint="Set access_resource and access_verb on its class; PUBLIC and SIGNED_IN are "
            "verbs too (rbac.authorizer).",
            id=UNDECLARED,
        )
        for route, callback in routes(get_resolver().url_patterns)
        if not route.startswith(_GUARD_THEMSELVES) and not _declares(callback)
    ]


@register(Tags.security)
def check_trusted_proxies(
    app_configs: Sequence[AppConfig] | None, **_: object
) -> list[CheckMessage]:
    """Return an error for each trusted proxy that is no network."""
    del app_configs
    return [
        Error(
            f'"{entry}" in KARGO_TRUSTED_PROXIES is no network.',
            hint="Write addresses or networks such as 10.0.0.0/8, or unix, with commas between.",
            id=NO_NETWORK,
        )
        for entry in bad_networks(settings.TRUSTED_PROXIES)
    ]


def routes(
    patterns: Sequence[URLPattern | URLResolver], *, prefix: str = ""
) -> Iterator[tuple[str, Any]]:
    """Yield every route in a URL table, joined with what stands before it, and its view."""
    for entry in patterns:
        route = f"{prefix}{entry.pattern}"
        if isinstance(entry, URLResolver):
            yield from routes(entry.url_patterns, prefix=route)
        else:
            yield route.lstrip("^"), entry.callback


def view_classes(callback: Any) -> tuple[type, ...]:
    """Return the classes behind a view: one a method, or the one of ``as_view``."""
    several = getattr(callback, "view_classes", None)
    if several is not None:
        return tuple(several)
    single = getattr(callback, "view_class", None) or getattr(callback, "cls", None)
    return (single,) if single is not None else ()


def _declares(callback: Any) -> bool:
    classes = view_classes(callback)
    return bool(classes) and all(map(_says_who, classes))


def _says_who(view: type) -> bool:
    verb = getattr(view, "access_verb", "")
    return verb in {PUBLIC, SIGNED_IN} or bool(verb and getattr(view, "access_resource", ""))
