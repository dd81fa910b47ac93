"""Sends clients that end an address with a slash to the one without, as Kargo's router does."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import resolve
from django.utils.encoding import escape_uri_path, iri_to_uri
from django.views import View

from rbac.authorizer import PUBLIC
from rbac.rest.routing import UnknownPath, by_method

_unknown = by_method()


class WithoutSlash(View):
    """Answers 301, or 307 so that the method stays; where nothing is either way, as there."""

    access_verb = PUBLIC

    def dispatch(self, request: HttpRequest, *_args: object, **kwargs: object) -> HttpResponseBase:
        """Say where to go."""
        found = resolve(request.path_info.rstrip("/"))
        if getattr(found.func, "view_classes", ()) == (UnknownPath,):
            return _unknown(request, **kwargs)
        query = request.META.get("QUERY_STRING", "")
        bare = escape_uri_path(request.path.rstrip("/"))
        address = f"{bare}?{iri_to_uri(query)}" if query else bare
        status = 301 if request.method in {"GET", "HEAD"} else 307
        return HttpResponse(status=status, headers={"Location": address})
