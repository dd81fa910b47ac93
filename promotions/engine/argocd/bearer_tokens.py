"""Whose is a bearer token, when does it end, and when is it time for another?

Read from the token itself, a JSON Web Token, without believing it: nothing is decided on that but
what to say, and when to ask for the next one.
"""

import base64
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from common.jsontypes import JSONObject, JSONValue, as_object, as_text

LONGEST_LIFE = timedelta(hours=24)
SHORTEST_LIFE = timedelta(minutes=10)
"""The least that Kubernetes gives a token of a ServiceAccount."""
RENEWED_AT = 0.8
"""At which part of its life a token is renewed."""
MARGIN = timedelta(minutes=6)
"""How long before its end it is renewed at the latest, as it is looked at every five minutes."""

_PARTS = 3
_LATEST = datetime(9999, 1, 1, tzinfo=UTC).timestamp()
_SERVICE_ACCOUNT = re.compile(r"system:serviceaccount:([a-z0-9-]{1,63}):([a-z0-9.-]{1,253})")


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """A ServiceAccount of Kubernetes."""

    namespace: str
    name: str


def expires_at(token: str) -> datetime | None:
    """Return when a token ends, aware; ``None`` if it does not, or does not say."""
    return _time(token, "exp")


def subject(token: str) -> str:
    """Return whom a token says it is of; empty if it does not."""
    return as_text(_claims(token).get("sub"))[:200]


def service_account(token: str) -> ServiceAccount | None:
    """Return the ServiceAccount that a token says it is of, if it is one's."""
    found = _SERVICE_ACCOUNT.fullmatch(subject(token))
    return ServiceAccount(found[1], found[2]) if found else None


def renewal(token: str, *, now: datetime) -> timedelta | None:
    """Return how long the token shall live that is to take this one's place now.

    ``None`` if it is not time for that, or the token does not say when it began and ends. It lives
    as long as the one before it, and a day at most.
    """
    began, ends = _time(token, "iat"), expires_at(token)
    if began is None or ends is None or not began < ends:
        return None
    life = ends - began
    if now < min(began + life * RENEWED_AT, ends - MARGIN):
        return None
    return max(SHORTEST_LIFE, min(life, LONGEST_LIFE))


def _time(token: str, claim: str) -> datetime | None:
    seconds = _claims(token).get(claim)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < _LATEST else None


def _claims(token: str) -> JSONObject:
    parts = token.split(".")
    if len(parts) != _PARTS:
        return {}
    try:
        claims: JSONValue = json.loads(
            base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        )
    except (ValueError, RecursionError):
        return {}
    return as_object(claims)
