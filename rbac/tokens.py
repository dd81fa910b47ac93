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
_LATEST = 1 << 40
_RANDOM = "rnd"
"""The claim that only tokens of ours have."""


@dataclass(frozen=True, slots=True)
class Minted:
    """A new token: its public ``prefix``, and the ``plaintext`` that is shown once."""

    prefix: str
    plaintext: str


def mint(claims: Mapping[str, JSONValue]) -> Minted:
    """Return a token that says ``claims`` of itself, with an id and 256 random bits of its own."""
    prefix = secrets.token_hex(_PREFIX_BYTES)
    own = {"jti": prefix, "iss": issuer(), _RANDOM: secrets.token_hex(_SECRET_BYTES)}
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
    claims = unverified_claims(plaintext)
    said = claims.get("iss")
    return said if isinstance(said, str) and not _prefix_in(claims) and said != issuer() else ""


def expiry_of(plaintext: str) -> float:
    """Return when a token says that it expires, in seconds since 1970; 0 if it does not say."""
    said = unverified_claims(plaintext).get("exp")
    return float(said) if isinstance(said, int | float) and 0 < said < _LATEST else 0.0


def prefix_of(plaintext: str) -> str:
    """Return the id that a token of ours would be found by; empty for what is none of ours.

    The issuer does not matter: tokens go on working when the platform moves to another address.
    """
    return _prefix_in(unverified_claims(plaintext))


def _prefix_in(claims: Mapping[str, JSONValue]) -> str:
    prefix = str(claims.get("jti", "")) if _RANDOM in claims else ""
    is_one = prefix.isascii() and prefix.isalnum() and len(prefix) == 2 * _PREFIX_BYTES
    return prefix if is_one else ""


def _key() -> bytes:
    return f"tokens:{settings.SECRET_KEY}".encode()
