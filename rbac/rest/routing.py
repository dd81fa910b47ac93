"""Sends each HTTP method of a path to its own view class."""

from collections.abc import Callable

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

    Another method is answered as an unknown path is. ``view_classes`` on the result names the
    classes, for the system check.
    """
    handlers = {name.upper(): view.as_view() for name, view in views.items()}
    if "GET" in handlers:
        handlers.setdefault("HEAD", handlers["GET"])
    otherwise = UnknownPath.as_view()

    @csrf_exempt
    def view(request: HttpRequest, **kwargs: object) -> HttpResponseBase:
        return handlers.get(request.method or "", otherwise)(request, **kwargs)

    view.view_classes = (*views.values(), UnknownPath)  # type: ignore[attr-defined] # read by rbac.checks
    return view
