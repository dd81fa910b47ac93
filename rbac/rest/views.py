"""The base of every REST view."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.views import APIView

from common.rest.renderers import JsonAlways, OrjsonRenderer
from common.rest.requests import bad_request
from rbac.actors import Actor
from rbac.authorizer import Scope


class GuardedView(APIView):
    """A view that declares ``access_resource`` (a plural) and ``access_verb``.

    The verb may also be ``PUBLIC`` or ``SIGNED_IN``. ``actor`` is there once access is granted,
    except on public views.
    """

    access_resource: ClassVar[str]
    access_verb: ClassVar[str]
    actor: Actor
    content_negotiation_class = JsonAlways
    renderer_classes = (OrjsonRenderer,)

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        """Let the caller in; refuse what no database can look for."""
        if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            raise bad_request("an address has no NUL characters")
        super().initial(request, *args, **kwargs)

    def enter(self) -> Scope | None:
        """Find where the request leads, and return it: the place to ask for the right.

        Raises:
            NotFoundError: There is no such place, for this actor.
        """
        return None
