"""The URL table, as an attacker walks it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

_VARIABLE = re.compile(r"<(?:\w+:)?(?P<name>\w+)>")
_GROUP = re.compile(r"\(\?P<(?P<name>\w+)>[^)]*\)")
NAMES = {
    "project": "shop",
    "stage": "uat",
    "warehouse": "main",
    "sequence": "1",
    "preview": "00000000-0000-0000-0000-000000000000",
    "tenant": "default",
    "object_id": "999999",
    "app_label": "projects",
    "uidb36": "1",
    "key": "abc-def",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One route, with an address that leads to it."""

    path: str
    callback: Callable[..., Any]

    @property
    def is_api(self) -> bool:
        """Whether programs come in here; others are pages."""
        return re.match(r"/(t/\w+/)?(v1beta1|api/v1|webhooks)/", self.path) is not None


def entries() -> list[Entry]:
    """Return every route of the URL table, with names that the ordinary scene has."""
    return _walk("", get_resolver().url_patterns)


def _walk(before: str, patterns: list[Any]) -> list[Entry]:
    found: list[Entry] = []
    for it in patterns:
        here = before + _filled(it)
        if isinstance(it, URLResolver):
            found += _walk(here, it.url_patterns)
        elif isinstance(it, URLPattern):
            found.append(Entry(f"/{here}", it.callback))
    return found


def _filled(it: URLPattern | URLResolver) -> str:
    text = str(it.pattern)
    if isinstance(it.pattern, RoutePattern):
        return _VARIABLE.sub(lambda match: NAMES.get(match["name"], "x"), text)
    text = _GROUP.sub(lambda match: NAMES.get(match["name"], "x"), text)
    return text.replace("^", "").replace("$", "").replace(".*", "nothing")
