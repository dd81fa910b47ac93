"""Lets pages of other origins call Kargo's REST API, where an operator lists them.

Only with a bearer token: nothing here ever allows a browser to send cookies along, and only
``/v1beta1`` answers to it. Nothing is listed by default, and then nothing here happens.

Source: Fetch standard, "CORS protocol".
"""

import re
from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.decorators import sync_and_async_middleware

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
HEADERS = ("Authorization", "Content-Type")
_PREFLIGHT_SECONDS = 600
"""How long a browser may go on without asking again; it is also how long a removed origin lives."""
_REST_API = re.compile(r"(?:/t/[-\w]+)?/v1beta1/")


@sync_and_async_middleware
def allow_origins(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Answer preflight requests of listed origins, and let their pages read the answers."""
    if iscoroutinefunction(get_response):

        async def answer_async(request: HttpRequest) -> Any:
            preflight = _preflight(request)
            if preflight is not None:
                return preflight
            return _readable(request, await get_response(request))

        return answer_async

    def answer(request: HttpRequest) -> Any:
        preflight = _preflight(request)
        if preflight is not None:
            return preflight
        return _readable(request, get_response(request))

    return answer


def _preflight(request: HttpRequest) -> HttpResponse | None:
    """Return the answer to a browser that asks whether a page may send a request, if it may."""
    is_asked = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
    if not is_asked or not _is_rest(request) or not _is_listed(request):
        return None
    response = HttpResponse(status=204)
    del response["Content-Type"]
    response["Access-Control-Allow-Methods"] = ", ".join(METHODS)
    response["Access-Control-Allow-Headers"] = ", ".join(HEADERS)
    response["Access-Control-Max-Age"] = str(_PREFLIGHT_SECONDS)
    _readable(request, response)
    return response


def _readable(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    if settings.CORS_ALLOWED_ORIGINS and _is_rest(request):
        patch_vary_headers(response, ["Origin"])
        if _is_listed(request):
            response["Access-Control-Allow-Origin"] = request.headers["Origin"]
    return response


def _is_listed(request: HttpRequest) -> bool:
    return request.headers.get("Origin") in settings.CORS_ALLOWED_ORIGINS


def _is_rest(request: HttpRequest) -> bool:
    return _REST_API.match(request.path_info) is not None
