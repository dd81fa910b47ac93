"""The base of every REST view."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.views import APIView

from common.rest.renderers import JsonAlways, OrjsonRenderer
from common.rest.requests import BODY_LIMIT_BYTES, bad_request, refuse_oversized
from rbac.actors import Actor
from rbac.authorizer import Scope


class GuardedView(APIView):
    """A view that declares ``access_resource`` (a plural) and ``access_verb``.

    The verb may also be ``PUBLIC`` or ``SIGNED_IN``. ``actor`` is there once access is granted,
    except on public views. ``access_name_in`` is the part of the address that names the one object
    that is asked for. Bodies of more than ``body_limit_bytes`` are refused unread.
    """

    access_resource: ClassVar[str]
    access_verb: ClassVar[str]
    access_name_in: ClassVar[str] = ""
    body_limit_bytes: ClassVar[int] = BODY_LIMIT_BYTES
    actor: Actor
    content_negotiation_class = JsonAlways
    renderer_classes = (OrjsonRenderer,)

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        """Let the caller in; refuse what no database can look for."""
        if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            raise bad_request("an address has no NUL characters")
        super().initial(request, *args, **kwargs)
        refuse_oversized(request, limit_bytes=self.body_limit_bytes)

    @property
    def access_name(self) -> str:
        """The object that the address names; empty for all of a kind."""
        return str(self.kwargs.get(self.access_name_in, ""))

    def enter(self) -> Scope | None:
        """Find where the request leads, and return it: the place to ask for the right.

        Raises:
            NotFoundError: There is no such place, for this actor.
        """
        return None
