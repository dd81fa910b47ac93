"""``/healthz``: says that the web server answers."""

from django.http import HttpRequest, HttpResponse
from django.views import View

from rbac.authorizer import PUBLIC


class Healthz(View):
    """For load balancers; asks nothing of the database."""

    access_verb = PUBLIC

    def get(self, request: HttpRequest, **_: str) -> HttpResponse:
        """Answer ``ok``."""
        del request
        return HttpResponse("ok", content_type="text/plain")
