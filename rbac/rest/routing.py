"""Sends each HTTP method of a path to its own view class."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from rest_framework.request import Request

from rbac.authorizer import SIGNED_IN
from rbac.rest.views import GuardedView


class UnknownPath(GuardedView):
    """Answers 404 in JSON, to whoever has signed in, where there is nothing."""

    access_verb = SIGNED_IN

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        """Let the caller in, and find nothing."""
        super().initial(request, *args, **kwargs)
        raise Http404


def by_method(**views: type[GuardedView]) -> Callable[..., HttpResponseBase]:
    """Return a view for ``path()``: one class a method, ``by_method(get=ListStages)``.

    ``watch`` is the class for GET with ``watch=true``. Another method is answered as an unknown
    path is. ``view_classes`` on the result names the classes, for the system check.
    """
    handlers = {name.upper(): view.as_view() for name, view in views.items()}
    if "GET" in handlers:
        handlers.setdefault("HEAD", handlers["GET"])
    otherwise = UnknownPath.as_view()

    @csrf_exempt
    def view(request: HttpRequest, **kwargs: object) -> HttpResponseBase:
        is_watch = request.method == "GET" and _says_watch(request)
        method = "WATCH" if is_watch and "WATCH" in handlers else request.method or ""
        return handlers.get(method, otherwise)(request, **kwargs)

    view.handlers = {name: it for name, it in handlers.items() if name not in {"HEAD", "WATCH"}}  # type: ignore[attr-defined] # read by handlers_of
    view.can_be_watched = "watch" in views  # type: ignore[attr-defined] # read by can_be_watched
    view.view_classes = (*views.values(), UnknownPath)  # type: ignore[attr-defined] # read by rbac.checks
    return view


def _says_watch(request: HttpRequest) -> bool:
    try:
        return request.GET.get("watch") == "true"
    except SuspiciousOperation:  # too many fields: the view refuses it, once the caller is known
        return False


def handlers_of(callback: Callable[..., HttpResponseBase]) -> dict[str, Callable[..., Any]]:
    """Return the view of each method that a route takes, by the method; none for other routes."""
    found: dict[str, Callable[..., Any]] = getattr(callback, "handlers", {})
    return found


def can_be_watched(callback: Callable[..., HttpResponseBase]) -> bool:
    """Return whether a route takes ``GET`` with ``watch=true``."""
    return bool(getattr(callback, "can_be_watched", False))
