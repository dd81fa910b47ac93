"""Walks the URL table for the operations of the APIs, one view class a method.

A tenant's addresses, ``/t/<tenant>/…``, are the same operations on another server and are left out.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.urls import get_resolver
from drf_spectacular.generators import EndpointEnumerator, SchemaGenerator as Generator

from rbac.checks import routes
from rbac.rest.routing import handlers_of

API_ROOTS = ("v1beta1/", "api/v1/")
ALIASES = frozenset({"v1beta1/cluster-config"})
"""Addresses that are there for clients which mistake them, of operations that have another."""

Endpoint = tuple[str, str, str, Callable[..., Any]]


class OperationEnumerator(EndpointEnumerator):
    """Lists what ``by_method`` routes, which Django REST framework cannot see into."""

    def get_api_endpoints(self, patterns: Any = None, prefix: str = "") -> Any:
        """Return path, pattern, method and view of every operation, in order of address."""
        del patterns, prefix
        return sorted(self._endpoints(), key=lambda it: (it[0], it[2]))

    def _endpoints(self) -> Iterable[Endpoint]:
        for route, callback in routes(get_resolver(self.urlconf).url_patterns):
            if route.startswith(API_ROOTS) and route not in ALIASES:
                for method, view in handlers_of(callback).items():
                    path = self.get_path_from_regex(f"/{route}")  # type: ignore[no-untyped-call] # no types
                    yield path, route, method, view

    def __init__(self, patterns: Any = None, urlconf: Any = None) -> None:
        super().__init__(patterns, urlconf)
        self.urlconf = urlconf


class SchemaGenerator(Generator):
    """Makes the description of what :class:`OperationEnumerator` finds."""

    endpoint_inspector_cls = OperationEnumerator
