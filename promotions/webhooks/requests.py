"""Reads a request to a webhook receiver: its body within bounds, all values of its headers."""

from collections.abc import Iterator, Mapping, Sequence

from rest_framework.request import Request

from promotions.engine.webhooks.receivers import LARGEST_BODY, check_size
from promotions.services.webhook_deliveries import Received
from rbac.origin import address_of


def read_delivery(request: Request) -> Received:
    """Return a request as it arrived; a body that is too long is not read to its end.

    Raises:
        RefusedError: The body is longer than ``LARGEST_BODY``.
    """
    declared = str(request.META.get("CONTENT_LENGTH") or "0")
    check_size(int(declared) if declared.isdecimal() else 0)
    body = request.read(LARGEST_BODY + 1)
    check_size(len(body))
    return Received(
        body=body,
        headers=_headers(request),
        query={name: request.GET.getlist(name) for name in request.GET},
        address=address_of(request),
    )


def _headers(request: Request) -> Mapping[str, Sequence[str]]:
    """Return the values of each header in order; WSGI joins those that were sent twice."""
    scope = getattr(request, "scope", None)
    if scope is None:
        return {name: [value] for name, value in request.headers.items()}
    found: dict[str, list[str]] = {}
    for name, value in _decoded(scope["headers"]):
        found.setdefault(name, []).append(value)
    return found


def _decoded(pairs: Sequence[tuple[bytes, bytes]]) -> Iterator[tuple[str, str]]:
    for name, value in pairs:
        yield name.decode("latin-1").lower(), value.decode("latin-1")
