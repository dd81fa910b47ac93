"""``POST /webhooks/<kind>/<digest>``, of every tenant."""

import sys
import time
from functools import cache
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from common.clock import now
from projects.web import tenant_name_of
from promotions.engine.webhooks.decisions import RefusedError
from promotions.selectors.webhooks import receiver_at
from promotions.services.webhook_deliveries import receive_delivery
from promotions.webhooks.limits import Buckets
from promotions.webhooks.requests import read_delivery
from rbac.authorizer import PUBLIC
from rbac.rest.views import GuardedView


class ReceiveDelivery(GuardedView):
    """Whoever knows the address comes in; most providers must sign what they send besides.

    The address may be all that keeps strangers out, so it goes to no log.
    """

    access_verb = PUBLIC
    authentication_classes = ()
    body_limit_bytes = sys.maxsize  # read_delivery bounds it, once the receiver is known
    http_method_names = ["post"]

    def post(self, request: Request, kind: str = "", digest: str = "") -> Response:
        """Answer as the receiver of that address does; one without a receiver is not found."""
        tenant = tenant_name_of(request)
        receiver = receiver_at(tenant, kind=kind, digest=digest)
        if receiver is None:
            raise Http404
        wait_seconds = buckets().take(receiver.uid)
        if wait_seconds:
            return _too_many(wait_seconds)
        try:
            reply = receive_delivery(receiver, read_delivery(request), now=now())
        except RefusedError as refusal:
            reply = refusal.reply
        if reply is None:
            raise Http404
        return Response(reply.body, status=reply.status)

    def handle_exception(self, error: Exception) -> Response:
        """Say nothing of what went wrong inside, as Kargo does."""
        response = super().handle_exception(error)
        if response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR:
            response.data = {}
        return response

    def finalize_response(self, *args: Any, **kwargs: Any) -> Response:
        """Keep Django from logging the address of what was refused."""
        response = super().finalize_response(*args, **kwargs)
        vars(response)["_has_been_logged"] = True  # the only way to tell Django
        return response


def _too_many(wait_seconds: int) -> Response:
    error = f"too many deliveries; try again in {wait_seconds} s"
    response = Response({"error": error}, status=HTTPStatus.TOO_MANY_REQUESTS)
    response["Retry-After"] = str(wait_seconds)
    return response


@cache
def buckets() -> Buckets:
    """Return what this process counts deliveries with."""
    return Buckets(
        burst=settings.WEBHOOK_BURST,
        per_second=settings.WEBHOOKS_PER_SECOND,
        clock=time.monotonic,
    )
