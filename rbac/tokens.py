"""What the platform's own bearer tokens look like: signed JSON Web Tokens with an id to look up.

Kargo's clients read ``exp`` and ``sub`` from a token without asking, and its web interface takes
nothing else for a token. Whether one works is decided by its row, not by its signature.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

import jwt
from django.conf import settings

from common.jsontypes import JSONValue

ALGORITHM = "HS256"
LONGEST = 16 * 1024
"""No bearer token is longer; an OpenID provider's may be some kilobytes."""

_PREFIX_BYTES = 8
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Minted:
    """A new token: its public ``prefix``, and the ``plaintext`` that is shown once."""

    prefix: str
    plaintext: str


def mint(claims: Mapping[str, JSONValue]) -> Minted:
    """Return a token that says ``claims`` of itself, with an id and 256 random bits of its own."""
    prefix = secrets.token_hex(_PREFIX_BYTES)
    own = {"jti": prefix, "iss": issuer(), "rnd": secrets.token_hex(_SECRET_BYTES)}
    return Minted(prefix, jwt.encode({**claims, **own}, _key(), algorithm=ALGORITHM))


def issuer() -> str:
    """Return who issues the platform's own tokens: its base address."""
    return str(settings.BASE_URL)


def unverified_claims(plaintext: str) -> Mapping[str, JSONValue]:
    """Return what a text says of itself if it is a JSON Web Token; nothing is checked."""
    if len(plaintext) > LONGEST:
        return {}
    try:
        claims: JSONValue = jwt.decode(plaintext, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}


def foreign_issuer(plaintext: str) -> str:
    """Return who issued a token that says it is somebody else's; nothing is checked."""
    said = unverified_claims(plaintext).get("iss")
    return said if isinstance(said, str) and said != issuer() else ""


def prefix_of(plaintext: str) -> str:
    """Return the id that a token of ours would be found by; empty for what is none of ours."""
    claims = unverified_claims(plaintext)
    prefix = str(claims.get("jti", "")) if claims.get("iss") == issuer() else ""
    is_one = prefix.isascii() and prefix.isalnum() and len(prefix) == 2 * _PREFIX_BYTES
    return prefix if is_one else ""


def _key() -> bytes:
    return f"tokens:{settings.SECRET_KEY}".encode()
