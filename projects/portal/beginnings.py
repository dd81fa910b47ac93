"""Bounds the sign-ins that strangers begin, each of which is kept in a session until it ends.

From one address, and in one tenant, only so many begin in a minute; what is never finished is
forgotten after ten minutes, and every beginning removes sessions that have run out.
"""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from rest_framework.throttling import SimpleRateThrottle

from common.clock import now
from projects.models.tenant import DEFAULT_TENANT
from rbac.origin import address_of, neighbourhood_of
from rbac.services.sessions import forget_expired_sessions

logger = logging.getLogger(__name__)

_View = Callable[..., HttpResponseBase]

ATTEMPT_SECONDS = 600
"""How long somebody may take at the provider."""


class BeginningsInTenant(SimpleRateThrottle):
    """Sign-ins that begin in a minute in one tenant, from everywhere."""

    rate = "300/min"

    def __init__(self, tenant: str) -> None:
        super().__init__()
        self._tenant = tenant

    def get_cache_key(self, request: Any, view: Any) -> str:
        del request, view
        return f"beginnings:{self._tenant}"


class BeginningsFromAddress(SimpleRateThrottle):
    """Sign-ins that begin in a minute from one address, or one subscriber's IPv6 network."""

    rate = "30/min"

    def get_cache_key(self, request: Any, view: Any) -> str:
        del view
        return f"beginnings-from:{neighbourhood_of(request)}"


def may_begin(request: HttpRequest, tenant: str) -> bool:
    """Return whether one more sign-in may begin in a tenant that is there, and count it if so.

    Those that one address begins too many are not counted for the others.
    """
    plain: Any = request  # the throttles need no more of it than its address
    limits = (BeginningsFromAddress(), BeginningsInTenant(tenant or DEFAULT_TENANT))
    return all(limit.allow_request(plain, plain) for limit in limits)


def too_many(request: HttpRequest) -> HttpResponseBase:
    """Return the page that asks somebody to wait a minute."""
    logger.warning("too many sign-ins begin", extra={"address": address_of(request)})
    response = render(request, "429.html", status=429)
    response["Retry-After"] = "60"
    return response


def note_beginning(request: HttpRequest) -> None:
    """Have what a stranger's session keeps of a sign-in forgotten soon."""
    if not request.user.is_authenticated:
        request.session.set_expiry(ATTEMPT_SECONDS)
    forget_expired_sessions(now=now())


def bounded(view: _View) -> _View:
    """Return a view that begins sign-ins in the platform's own name, within bounds."""

    @wraps(view)
    def within(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if not may_begin(request, DEFAULT_TENANT):
            return too_many(request)
        response = view(request, *args, **kwargs)
        note_beginning(request)
        return response

    return within
