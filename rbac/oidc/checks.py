"""Says in words what a provider publishes that does not fit with how it is to be used."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import jwt

from common.errors import PlatformError
from common.jsontypes import JSONValue
from rbac.oidc.documents import (
    Jwk,
    Metadata,
    fetch_discovery,
    fetch_keys,
    metadata_in,
)
from rbac.oidc.providers import Provider
from rbac.oidc.verification import ALGORITHMS

_SMALLEST_RSA_BITS: Final = 2048
_LONGEST_QUOTE: Final = 200
_NONE: Final[Mapping[str, str]] = MappingProxyType({})


class Severity(StrEnum):
    """How bad something is: nobody can sign in, or something will be missing or weaker."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that does not fit: what it is about, and what to do."""

    severity: Severity
    about: str
    message: str


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a check; ``endpoints`` is empty if there is nothing to be read."""

    problems: tuple[Problem, ...] = ()
    endpoints: Mapping[str, str] = field(default_factory=lambda: _NONE)

    @property
    def is_ok(self) -> bool:
        """Whether nothing keeps people from signing in."""
        return all(it.severity is not Severity.ERROR for it in self.problems)


def check_provider(provider: Provider, *, has_secret: bool, ends_session: bool = False) -> Report:
    """Return what a provider publishes now and does not fit; asks it twice, never from memory.

    Nothing is raised: what keeps it from being asked is a problem too.
    """
    try:
        document = fetch_discovery(provider.issuer)
    except PlatformError as error:
        return Report((_error("discovery", _unreachable(provider, error)),))
    said = document.get("issuer")
    if said != provider.issuer:
        return Report((_error("issuer", _other_name(said)),))
    try:
        metadata = metadata_in(document, provider.issuer)
    except PlatformError as error:
        return Report((_error("discovery", error.message),))
    problems = (
        *_flow_problems(document),
        *_client_problems(document, provider, has_secret=has_secret),
        *_key_problems(document, metadata),
        *_sign_out_problems(metadata, ends_session=ends_session),
    )
    return Report(problems, _endpoints(metadata))


def _unreachable(provider: Provider, error: PlatformError) -> str:
    address = f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration"
    hint = ""
    if "not allowed" in error.message:
        hint = " An operator has to list it in KARGO_EGRESS_ALLOWED_HOSTS."
    return f"{address} cannot be read: {error.message}{hint}"


def _other_name(said: JSONValue) -> str:
    return (
        f"It calls itself {_quoted(said)}. Enter exactly that as the issuer, with or without the "
        "slash at the end as it has it."
    )


def _flow_problems(document: Mapping[str, JSONValue]) -> Iterator[Problem]:
    flows = _listed(document, "response_types_supported")
    if flows is not None and "code" not in flows:
        yield _error("response_types_supported", 'The code flow ("code") is not offered.')
    methods = _listed(document, "code_challenge_methods_supported")
    if methods is None:
        yield _warning(
            "code_challenge_methods_supported",
            "It does not say whether it supports PKCE. Some support it in silence (Entra ID); make "
            "sure that the client requires it.",
        )
    elif "S256" not in methods:
        yield _error(
            "code_challenge_methods_supported",
            f"PKCE with S256 is not supported, only {_quoted(', '.join(methods))}. Switch it on.",
        )


def _client_problems(
    document: Mapping[str, JSONValue], provider: Provider, *, has_secret: bool
) -> Iterator[Problem]:
    about = "token_endpoint_auth_methods_supported"
    methods = _listed(document, about) or ["client_secret_basic"]
    if has_secret and provider.client_auth not in methods:
        yield _error(
            about, f"A secret is taken by {_quoted(', '.join(methods))}; change the client auth."
        )
    if not has_secret and "none" not in methods:
        yield _warning(about, "It does not say that it has public clients; a secret may be needed.")
    scopes = _listed(document, "scopes_supported")
    missing = [it for it in provider.scopes if scopes is not None and it not in scopes]
    if missing:
        yield _warning(
            "scopes_supported",
            f"It does not list {_quoted(', '.join(missing))}; it may refuse what it does not know.",
        )


def _key_problems(document: Mapping[str, JSONValue], metadata: Metadata) -> Iterator[Problem]:
    about = "id_token_signing_alg_values_supported"
    algorithms = _listed(document, about)
    if algorithms is not None and not ALGORITHMS & set(algorithms):
        yield _error(
            about,
            f"ID tokens are signed with {_quoted(', '.join(algorithms))}, and only "
            f"{', '.join(sorted(ALGORITHMS))} are taken.",
        )
    try:
        keys = fetch_keys(metadata)
    except PlatformError as error:
        yield _error("jwks_uri", f"Its keys cannot be read: {error.message}")
        return
    if not any(_is_usable(key) for key in keys):
        yield _error(
            "jwks_uri",
            "It publishes no key that ID tokens may be signed with: RSA of at least "
            f"{_SMALLEST_RSA_BITS} bits, or EC.",
        )


def _sign_out_problems(metadata: Metadata, *, ends_session: bool) -> Iterator[Problem]:
    if ends_session and not metadata.end_session_endpoint:
        yield _warning(
            "end_session_endpoint",
            "It has no address to sign out at; signing out ends the session here alone.",
        )


def _is_usable(key: Jwk) -> bool:
    try:
        algorithm = "RS256" if key.get("kty") == "RSA" else None
        prepared = jwt.PyJWK(dict(key), algorithm=algorithm)
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError):
        return False
    bits = getattr(prepared.key, "key_size", 0)
    return key.get("kty") == "EC" or bits >= _SMALLEST_RSA_BITS


def _endpoints(metadata: Metadata) -> dict[str, str]:
    named = {
        "authorization_endpoint": metadata.authorization_endpoint,
        "token_endpoint": metadata.token_endpoint,
        "userinfo_endpoint": metadata.userinfo_endpoint,
        "jwks_uri": metadata.jwks_uri,
        "end_session_endpoint": metadata.end_session_endpoint,
    }
    return {name: it for name, it in named.items() if it}


def _listed(document: Mapping[str, JSONValue], name: str) -> Sequence[str] | None:
    """Return a list of texts; ``None`` if the provider does not say."""
    value = document.get(name)
    if not isinstance(value, list):
        return None
    return [it for it in value if isinstance(it, str)]


def _quoted(said: JSONValue) -> str:
    """Return what somebody else said, short enough and printable."""
    text = said if isinstance(said, str) else "nothing"
    shown = "".join(it if it.isprintable() else "?" for it in text[:_LONGEST_QUOTE])
    return f'"{shown}"'


def _error(about: str, message: str) -> Problem:
    return Problem(Severity.ERROR, about, message)


def _warning(about: str, message: str) -> Problem:
    return Problem(Severity.WARNING, about, message)
