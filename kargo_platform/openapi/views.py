"""``/api/schema`` and the page that lets people read it."""

from functools import lru_cache
from typing import Any

import yaml
from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.generic import TemplateView
from rest_framework.request import Request
from rest_framework.response import Response

from kargo_platform.openapi.generator import SchemaGenerator
from rbac.authorizer import PUBLIC
from rbac.rest.views import GuardedView
from rbac.web import AccessMixin

_INLINE = {"style-src": ["'self'", "'unsafe-inline'"], "img-src": ["'self'", "data:"]}
"""Swagger UI sets style attributes and has its icons in its style sheet."""


class GetSchema(GuardedView):
    """The OpenAPI 3 description of both APIs: JSON, or YAML with ``?format=yaml``."""

    access_verb = PUBLIC
    authentication_classes = ()

    def get(self, request: Request) -> HttpResponse | Response:
        """Answer the description."""
        if request.query_params.get("format") != "yaml":
            return Response(schema())
        text = yaml.safe_dump(schema(), sort_keys=False, allow_unicode=True)
        return HttpResponse(text, content_type="application/yaml")


@method_decorator(csp_update(_INLINE), name="dispatch")
class ShowApi(AccessMixin, TemplateView):
    """The description as a page that can be browsed and tried."""

    access_verb = PUBLIC
    template_name = "api.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the page."""
        return super().get(request, *args, **kwargs)


@lru_cache
def schema() -> dict[str, Any]:
    """Return the description; made once, since the URL table does not change."""
    generator: Any = SchemaGenerator()  # type: ignore[no-untyped-call] # the package has no types
    found: dict[str, Any] = generator.get_schema(public=True)
    return found
