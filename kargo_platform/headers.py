"""What every answer tells browsers, besides what Django and the content security policy tell them.

Nothing is kept, in a browser or on the way, unless an answer says that it may be: nearly everything
here is somebody's alone. Static files say so.
"""

from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from typing import Any, Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

HEADERS: Final = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

_GetResponse = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]


@sync_and_async_middleware
def tell_browsers(get_response: _GetResponse) -> Callable[[HttpRequest], Any]:
    """Add the headers that an answer does not have yet."""
    if iscoroutinefunction(get_response):

        async def answer_async(request: HttpRequest) -> Any:
            return _told(await get_response(request))

        return answer_async

    def answer(request: HttpRequest) -> Any:
        response = get_response(request)
        assert isinstance(response, HttpResponseBase)  # noqa: S101 -- it is not the async one
        return _told(response)

    return answer


def _told(response: HttpResponseBase) -> HttpResponseBase:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response
