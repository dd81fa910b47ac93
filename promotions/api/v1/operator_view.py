"""The frame of the views that are about the platform as a whole, for operators."""

from django.http import HttpRequest

from common.clock import now
from common.errors import InvalidError
from common.jsontypes import JSONObject
from common.rest.requests import bad_request
from projects.models import Tenant
from projects.selectors import any_tenant_named
from rbac.audit import PLATFORM
from rbac.authorizer import Scope
from rbac.rest.views import GuardedView


class OperatorView(GuardedView):
    """A view that no role of a tenant leads to: the right is asked for of the platform itself."""

    def setup(self, request: HttpRequest, *args: object, **kwargs: object) -> None:
        """Read the clock once, for everything that the request does."""
        super().setup(request, *args, **kwargs)
        self.now = now()

    def enter(self) -> Scope:
        """Return the platform, in which only operators may do anything."""
        return Scope(PLATFORM)

    def subject(self) -> Tenant:
        """Return the tenant that the address names, whatever its state.

        Raises:
            NotFoundError: There is none.
        """
        return any_tenant_named(str(self.kwargs["name"]))


def refuse_unknown(body: JSONObject, *known: str) -> None:
    """Return unless a body has a key that means nothing here.

    Raises:
        InvalidError: It has.
    """
    unknown = sorted(body.keys() - set(known))
    if unknown:
        listed = ", ".join(known)
        error: InvalidError = bad_request(f'"{unknown[0]}" is not known; known are: {listed}')
        raise error
