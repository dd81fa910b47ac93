"""``POST P/roles/{role}/api-tokens`` and ``POST S/roles/{role}/api-tokens``.

The body is Kargo's ``{name}``, and may also say when the token stops working: ``expiresAt``, a
time, or ``expirationSeconds``, a number of seconds from now.
"""

from datetime import datetime, timedelta
from typing import Final

from rest_framework.request import Request
from rest_framework.response import Response

from common.jsontypes import JSONObject
from common.rest.requests import bad_request, read_json_object, text_of
from projects.api.v1beta1.role_bodies import checked_name
from projects.api.v1beta1.role_frame import (
    AccessView,
    ProjectAccessView,
    SystemAccessView,
    bad_input,
)
from projects.services.role_tokens import create_role_token
from rbac.selectors.role_documents import token_document

LONGEST_LIFE: Final = timedelta(days=3650)


class CreateProjectApiToken(ProjectAccessView):
    access_resource = "secrets"
    access_verb = "create"

    def post(self, request: Request, *, role: str, **_: str) -> Response:
        return _create(self, role, request)


class CreateSystemApiToken(SystemAccessView):
    access_resource = "secrets"
    access_verb = "create"

    def post(self, request: Request, *, role: str, **_: str) -> Response:
        return _create(self, role, request)


def _create(view: AccessView, role: str, request: Request) -> Response:
    body = read_json_object(request)
    name = text_of(body, "name")
    if not name:
        raise bad_request("name is required")
    checked_name(name, "Secret")
    with bad_input():
        token, plaintext = create_role_token(
            view.where,
            role,
            name=name,
            expires_at=_expiry(body, now=view.now),
            actor=view.actor,
            now=view.now,
        )
    return Response(token_document(token, plaintext=plaintext), status=201)


def _expiry(body: JSONObject, *, now: datetime) -> datetime | None:
    text, seconds = text_of(body, "expiresAt"), body.get("expirationSeconds")
    if text and seconds is not None:
        raise bad_request("only one of expiresAt and expirationSeconds may be given")
    if not text and seconds is None:
        return None
    at = _time(text) if text else now + _life(seconds)
    if not now < at <= now + LONGEST_LIFE:
        raise bad_request(
            f"a token must expire in the future, within {LONGEST_LIFE.days} days; "
            "without expiresAt and expirationSeconds it does not expire"
        )
    return at


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise bad_request("expiresAt must be a time such as 2030-01-31T12:00:00Z") from error
    if at.tzinfo is None:
        raise bad_request("expiresAt needs a time zone, such as Z")
    return at


def _life(seconds: object) -> timedelta:
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        raise bad_request("expirationSeconds must be a whole number")
    return timedelta(seconds=min(max(seconds, 0), LONGEST_LIFE.total_seconds() + 1))
