"""Lets callers in by what a view class declares; a class that declares nothing lets nobody in."""

from dataclasses import replace
from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from common.errors import ForbiddenError
from rbac.actors import Actor
from rbac.authorizer import PUBLIC, SIGNED_IN
from rbac.origin import reason_of
from rbac.services import require_at


class DeclaredAccess(BasePermission):
    """Allows what the class of a :class:`rbac.rest.views.GuardedView` declares."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Return whether to let the caller in; sets ``view.actor``."""
        verb = getattr(view, "access_verb", "")
        if verb == PUBLIC:
            return True
        if not verb or not isinstance(request.auth, Actor):
            return False
        view.actor = replace(request.auth, reason=reason_of(request))
        scope = view.enter()
        if verb == SIGNED_IN:
            return True
        if scope is None:
            raise ForbiddenError("This address needs a tenant.")
        require_at(
            view.actor, scope, verb=verb, resource=view.access_resource, name=view.access_name
        )
        return True
