"""Keeps out, before anything looks at them, requests that no honest client makes.

A NUL character is in no name, and PostgreSQL takes it in no text: whatever is looked up by an
address, a query or a cookie that has one would be an error of the server. And whether a proxy took
a request by TLS is for trusted proxies to say.
"""

from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from rbac.origin import comes_from_proxy

_FORWARDED_SCHEME = "HTTP_X_FORWARDED_PROTO"
_ADDRESS = "an address has no NUL characters"
_COOKIE = "a cookie has no NUL characters"
_API = ("/v1beta1/", "/api/")

_GetResponse = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]


@sync_and_async_middleware
def keep_out_strays(get_response: _GetResponse) -> Callable[[HttpRequest], Any]:
    """Answer 400 to NUL characters, and forget what strangers say of how they came."""
    if iscoroutinefunction(get_response):

        async def answer_async(request: HttpRequest) -> Any:
            return _refusal(request) or await get_response(request)

        return answer_async

    def answer(request: HttpRequest) -> Any:
        return _refusal(request) or get_response(request)

    return answer


def _refusal(request: HttpRequest) -> HttpResponse | None:
    if settings.TRUSTED_PROXIES and not comes_from_proxy(request):
        request.META.pop(_FORWARDED_SCHEME, None)
    problem = _problem(request)
    if not problem:
        return None
    if any(api in request.path_info for api in _API):
        return JsonResponse({"error": problem}, status=400)
    return HttpResponse(f"Bad request: {problem}.\n", content_type="text/plain", status=400)


def _problem(request: HttpRequest) -> str:
    query, cookies = (str(request.META.get(it, "")) for it in ("QUERY_STRING", "HTTP_COOKIE"))
    if "\0" in request.path_info or "%00" in query or "\0" in query:
        return _ADDRESS
    if "\\000" in cookies or "\0" in cookies:  # as quoted values of cookies write it
        return _COOKIE
    return ""
