"""When does a token end, and whose is it? Read from the token itself, without believing it."""

import base64
import json
from datetime import UTC, datetime

from common.jsontypes import JSONObject, JSONValue, as_object, as_text


def expires_at(token: str) -> datetime | None:
    """Return when a JSON Web Token ends; ``None`` if it does not, or does not say."""
    at = _claims(token).get("exp")
    if isinstance(at, bool) or not isinstance(at, int | float):
        return None
    try:
        return datetime.fromtimestamp(at, tz=UTC)
    except (OverflowError, OSError, ValueError):
        return None


def subject(token: str) -> str:
    """Return whom a JSON Web Token says it is of; empty if it does not."""
    return as_text(_claims(token).get("sub"))[:200]


def _claims(token: str) -> JSONObject:
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, claims, signature
        return {}
    try:
        claims: JSONValue = json.loads(
            base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        )
    except (ValueError, RecursionError):
        return {}
    return as_object(claims)
