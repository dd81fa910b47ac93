"""Tells whether an ID token is what it says: signed by its issuer, for us, in its time.

Source: OpenID Connect Core 1.0, sections 2 and 3.1.3.7; RFC 8725.
"""

import hmac
import json
from collections.abc import Collection, Mapping
from typing import Final

import jwt

from common.errors import PlatformError
from common.jsontypes import JSONValue
from rbac.oidc.issuers import issuer_named
from rbac.oidc.providers import Provider

ALGORITHMS: Final = frozenset(
    f"{family}{bits}" for family in ("RS", "ES", "PS") for bits in (256, 384, 512)
)
"""Never ``none``, and nothing with a shared secret: the key that verifies is public."""
LONGEST_TOKEN: Final = 64 * 1024
LEEWAY_SECONDS: Final = 30.0
"""How far the provider's clock may be from ours."""

_REQUIRED = ["iss", "sub", "aud", "exp", "iat"]
_TYPES = frozenset({"", "jwt"})
_LONGEST_SUBJECT = 255


class InvalidIdTokenError(PlatformError):
    """The token is not one to believe; the message is for the log, not for its sender."""

    code = "invalid_id_token"


def verify_id_token(
    text: str, provider: Provider, *, audiences: Collection[str], nonce: str | None = None
) -> Mapping[str, JSONValue]:
    """Return what an ID token of ``provider`` claims.

    Args:
        text: The token.
        provider: Whose it must be.
        audiences: The clients of whom the token must name one.
        nonce: What the token must repeat, if it is the answer to a question of ours.

    Raises:
        InvalidIdTokenError: It does not hold.
        UpstreamError: The provider's keys cannot be had.
    """
    claims = _signed_claims(text, provider, audiences=audiences)
    _check_parties(claims, audiences)
    issued = claims["iat"]
    if isinstance(issued, bool) or not isinstance(issued, int | float) or issued < 0:
        raise InvalidIdTokenError("it does not say when it was issued")
    if nonce is not None and not _is_same(claims.get("nonce"), nonce):
        raise InvalidIdTokenError("the nonce is not ours")
    if not 0 < len(str(claims["sub"])) <= _LONGEST_SUBJECT:
        raise InvalidIdTokenError("the subject is empty or too long")
    check_storable(claims)
    return claims


def check_storable(claims: Mapping[str, JSONValue]) -> None:
    """Refuse claims with characters that no database keeps.

    Raises:
        InvalidIdTokenError: There is a NUL or half a character.
    """
    try:
        text = json.dumps(claims, ensure_ascii=False)
        text.encode()
    except (UnicodeEncodeError, ValueError, RecursionError) as error:
        raise InvalidIdTokenError("the claims are malformed") from error
    if "\\u0000" in text:
        raise InvalidIdTokenError("the claims have a NUL character")


def _signed_claims(
    text: str, provider: Provider, *, audiences: Collection[str]
) -> Mapping[str, JSONValue]:
    if len(text) > LONGEST_TOKEN:
        raise InvalidIdTokenError("the token is too long")
    try:
        key = _key_of(text, provider)
        claims: Mapping[str, JSONValue] = jwt.decode(
            text,
            key,
            algorithms=[key.algorithm_name],
            audience=list(audiences),
            issuer=provider.issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": _REQUIRED, "enforce_minimum_key_length": True},
        )
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise InvalidIdTokenError(f"{type(error).__name__}: {error}") from error
    return claims


def _key_of(text: str, provider: Provider) -> jwt.PyJWK:
    header = jwt.get_unverified_header(text)
    algorithm, kid = header.get("alg"), header.get("kid", "")
    if algorithm not in ALGORITHMS:
        raise InvalidIdTokenError(f"the algorithm {algorithm!r:.20} is not taken")
    if "crit" in header or str(header.get("typ", "")).lower() not in _TYPES:
        raise InvalidIdTokenError("it is another kind of token")
    key = issuer_named(provider.issuer).key(str(kid), algorithm=str(algorithm))
    if key is None:
        raise InvalidIdTokenError("it is signed with a key that the provider does not publish")
    return key


def _check_parties(claims: Mapping[str, JSONValue], audiences: Collection[str]) -> None:
    audience, party = claims["aud"], claims.get("azp")
    if party is None and isinstance(audience, list) and len(audience) > 1:
        raise InvalidIdTokenError("it is for several, and does not say who asked for it")
    if party is not None and party not in audiences:
        raise InvalidIdTokenError("somebody else asked for it")


def _is_same(value: JSONValue, expected: str) -> bool:
    return isinstance(value, str) and hmac.compare_digest(value.encode(), expected.encode())
