"""Fetches what a provider publishes: its metadata and its keys, under the egress policy."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

import orjson
from django.conf import settings

from common.egress import EgressPolicy
from common.errors import UpstreamError
from common.http import Client, Limits, client
from common.jsontypes import JSONValue

LIMITS = Limits(timeout_seconds=5.0, max_bytes=1024 * 1024, max_redirects=0)
"""A provider answers soon, in short and where it said; nobody waits longer for one that hangs."""

_WELL_KNOWN = "/.well-known/openid-configuration"
_MOST_KEYS = 100
_SIGNING_TYPES = frozenset({"RSA", "EC"})

Jwk = Mapping[str, JSONValue]


@dataclass(frozen=True, slots=True)
class Metadata:
    """Where a provider's endpoints are; the last two may be empty."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    end_session_endpoint: str = ""


def fetch_metadata(issuer: str) -> Metadata:
    """Return what the issuer says of itself.

    Raises:
        UpstreamError: It cannot be reached, or what it says is unusable.
    """
    return metadata_in(fetch_discovery(issuer), issuer)


def fetch_discovery(issuer: str) -> Mapping[str, JSONValue]:
    """Return the issuer's discovery document, whatever it says.

    Raises:
        UpstreamError: It cannot be had.

    Source: OpenID Connect Discovery 1.0, section 4.
    """
    return fetch_json(issuer.rstrip("/") + _WELL_KNOWN)


def metadata_in(document: Mapping[str, JSONValue], issuer: str) -> Metadata:
    """Return the endpoints that a discovery document names.

    Raises:
        UpstreamError: It is another issuer's, or names none.
    """
    if document.get("issuer") != issuer:
        raise _unusable(issuer, "it calls itself something else")
    required = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    addresses = {name: _address(document, name, issuer=issuer) for name in required}
    if any(not it for it in addresses.values()):
        raise _unusable(issuer, f"its metadata must name {', '.join(required)}")
    optional = {
        name: _address(document, name, issuer=issuer)
        for name in ("userinfo_endpoint", "end_session_endpoint")
    }
    return Metadata(issuer=issuer, **addresses, **optional)


def fetch_keys(metadata: Metadata) -> tuple[Jwk, ...]:
    """Return the keys that the provider signs with, public halves only.

    Raises:
        UpstreamError: They cannot be fetched, or are too many or none at all.
    """
    listed = fetch_json(metadata.jwks_uri).get("keys")
    if not isinstance(listed, list) or len(listed) > _MOST_KEYS:
        raise _unusable(metadata.issuer, f'its keys must be a list "keys" of at most {_MOST_KEYS}')
    return tuple(key for key in listed if isinstance(key, Mapping) and _signs(key))


def fetch_json(
    url: str,
    *,
    method: str = "GET",
    content: bytes = b"",
    headers: tuple[tuple[str, str], ...] = (),
) -> Mapping[str, JSONValue]:
    """Return the JSON object that a provider's endpoint answers with.

    Raises:
        UpstreamError: It cannot be reached, refuses, or answers something else.
    """
    accept = ("Accept", "application/json")
    response = http_client().request(
        method, url, headers=(accept, *headers), content=content, limits=LIMITS
    )
    host = urlsplit(url).hostname
    if response.status != 200:  # noqa: PLR2004 - OK
        raise UpstreamError(f"{host} answered with {response.status}.", retryable=False)
    try:
        document: JSONValue = orjson.loads(response.content)
    except orjson.JSONDecodeError as error:
        raise UpstreamError(f"{host} did not answer in JSON.", retryable=False) from error
    if not isinstance(document, dict):
        raise UpstreamError(f"{host} did not answer with a JSON object.", retryable=False)
    return document


def http_client() -> Client:
    """Return the client for providers, made once for each egress policy."""
    return _client(tuple(settings.EGRESS_ALLOWED_HOSTS), deny_private=settings.EGRESS_DENY_PRIVATE)


@lru_cache(maxsize=8)
def _client(allowed: tuple[str, ...], *, deny_private: bool) -> Client:
    return client(EgressPolicy.of(allowed, deny_private=deny_private))


def _address(document: Mapping[str, JSONValue], name: str, *, issuer: str) -> str:
    """Return an endpoint; one of a provider with TLS has TLS too."""
    value = document.get(name)
    if value is None:
        return ""
    schemes = {"https"} if issuer.startswith("https://") else {"http", "https"}
    try:
        is_one = isinstance(value, str) and urlsplit(value).scheme in schemes
    except ValueError:
        is_one = False
    if not is_one:
        raise _unusable(issuer, f"its {name} is no address with the scheme of the issuer")
    return str(value)


def _signs(key: Jwk) -> bool:
    is_private = "d" in key or "k" in key
    return key.get("kty") in _SIGNING_TYPES and key.get("use", "sig") == "sig" and not is_private


def _unusable(issuer: str, reason: str) -> UpstreamError:
    return UpstreamError(f"The provider {issuer} cannot be used: {reason}.", retryable=False)
