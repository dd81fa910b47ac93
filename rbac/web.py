"""Sign-in and access for pages."""

from typing import ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views import View

from common.errors import ForbiddenError, NotFoundError
from rbac.actors import Actor
from rbac.authorizer import PUBLIC, SIGNED_IN, Scope
from rbac.models import User
from rbac.selectors import actor_for
from rbac.services import require


class ClosedSignupAdapter(DefaultAccountAdapter):  # type: ignore[misc] # allauth ships no types
    """Accounts are made by operators, not by visitors."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Refuse everybody."""
        del request
        return False


def no_such_page(request: HttpRequest) -> HttpResponseBase:
    """Stand for a page of allauth that must not be there.

    People are known by their e-mail addresses, in the audit and to rules about who may approve; so
    only operators change them.
    """
    raise Http404(request.path)


def request_actor(request: HttpRequest) -> Actor:
    """Return who is signed in.

    Raises:
        ForbiddenError: Nobody is.
    """
    if not isinstance(request.user, User):
        raise ForbiddenError("Sign in first.")
    return actor_for(request.user, address=str(request.META.get("REMOTE_ADDR", "")))


class AccessMixin(View):
    """Lets visitors of a page in by what its class declares; who is not signed in signs in first.

    Declare ``access_resource`` (a plural) and ``access_verb``; the verb may also be ``PUBLIC`` or
    ``SIGNED_IN``. ``actor`` is there once access is granted, except on public pages. Pages of a
    tenant take :class:`projects.web.TenantMixin`, which adds ``tenant``, or ``ProjectMixin``.
    """

    access_resource: ClassVar[str]
    access_verb: ClassVar[str]
    actor: Actor

    def enter(self) -> Scope | None:
        """Find where the request leads, and return it: the place to ask for the right.

        Raises:
            NotFoundError: There is no such place, for this actor.
        """
        return None

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        """Ask for access, then show the page; refusals are 403, places unseen are 404."""
        if getattr(self, "access_verb", "") != PUBLIC:
            if not isinstance(request.user, User):
                return redirect_to_login(request.get_full_path())
            self.actor = request_actor(request)
            self._admit()
        return super().dispatch(request, *args, **kwargs)

    def _admit(self) -> None:
        verb = getattr(self, "access_verb", "")
        try:
            scope = self.enter()
            if verb != SIGNED_IN:
                self._require(verb, scope)
        except NotFoundError as error:
            raise Http404(error.message) from error
        except ForbiddenError as error:
            raise PermissionDenied(error.message) from error

    def _require(self, verb: str, scope: Scope | None) -> None:
        if scope is None or not verb:
            raise ForbiddenError("This page does not say who may see it.")
        require(
            self.actor,
            verb=verb,
            resource=self.access_resource,
            tenant_uid=scope.tenant_uid,
            project_uid=scope.project_uid,
        )
