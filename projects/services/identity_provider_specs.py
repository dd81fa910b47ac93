"""Says what is usable as the description of an identity provider, whichever door it comes by."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.conf import settings

from common.errors import FieldProblem
from projects.models import Tenant
from projects.models.identity_provider import ClientAuth
from rbac.oidc.people import RESERVED_NAMES
from rbac.oidc.providers import DEFAULT_SCOPES

_NAME = re.compile(r"[-A-Za-z0-9_]{1,63}")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_MOST_SCOPES = 50
_MOST_DOMAINS = 200
_LONGEST: Mapping[str, int] = {
    "title": 200,
    "issuer": 500,
    "client_id": 255,
    "client_secret": 4096,
    "cli_client_id": 255,
    "scopes": 255,
    "username_claim": 63,
    "groups_claim": 253,
    "email_domains": 253,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSpec:
    """What is said of an identity provider; see :class:`projects.models.IdentityProvider`.

    Attributes:
        client_secret: Empty for a public client; ``None`` keeps the one that is there.
    """

    name: str
    issuer: str
    client_id: str
    title: str = ""
    client_secret: str | None = field(default=None, repr=False)
    cli_client_id: str = ""
    client_auth: str = ClientAuth.BASIC.value
    scopes: tuple[str, ...] = DEFAULT_SCOPES
    username_claim: str = "email"
    groups_claim: str = "groups"
    email_domains: tuple[str, ...] = ()
    trusts_email: bool = False
    ends_provider_session: bool = False
    is_enabled: bool = True


def problems_in(spec: ProviderSpec, tenant: Tenant | None) -> tuple[FieldProblem, ...]:
    """Return what is not usable in what is said of a provider, by field."""
    return tuple(FieldProblem(path, reason) for path, reason in _problems(spec, tenant))


def _problems(spec: ProviderSpec, tenant: Tenant | None) -> Iterator[tuple[str, str]]:
    yield from _length_problems(spec)
    if _NAME.fullmatch(spec.name) is None:
        yield "name", "must have only letters, digits, hyphens and underscores"
    yield from _issuer_problems(spec.issuer)
    if not spec.client_id.strip():
        yield "client_id", "is what the provider calls this platform; it cannot be empty"
    yield from _claim_problems(spec)
    if spec.client_auth not in ClientAuth.values:
        yield "client_auth", f"must be one of {', '.join(ClientAuth.values)}"
    if spec.trusts_email and tenant is not None:
        yield "trusts_email", "is for the platform's own providers only"


def _claim_problems(spec: ProviderSpec) -> Iterator[tuple[str, str]]:
    if "openid" not in spec.scopes:
        yield "scopes", "must include openid"
    if len(spec.scopes) > _MOST_SCOPES or any(not _is_word(it) for it in spec.scopes):
        yield "scopes", f"must be at most {_MOST_SCOPES} words"
    if not _is_word(spec.username_claim) or spec.username_claim in RESERVED_NAMES:
        yield "username_claim", f"must be a claim, and none of {', '.join(sorted(RESERVED_NAMES))}"
    if not _is_word(spec.groups_claim):
        yield "groups_claim", "must be the name of a claim"
    if len(spec.email_domains) > _MOST_DOMAINS:
        yield "email_domains", f"must be at most {_MOST_DOMAINS}"
    if any(not it or "@" in it or not _is_word(it) for it in spec.email_domains):
        yield "email_domains", "must be domains, such as example.com"


def _issuer_problems(issuer: str) -> Iterator[tuple[str, str]]:
    try:
        address = urlsplit(issuer)
        host, _ = address.hostname or "", address.port
    except ValueError:
        yield "issuer", "is not an address"
        return
    is_safe = address.scheme == "https" or (address.scheme == "http" and host in _LOOPBACK)
    if not is_safe or not host:
        yield "issuer", "must be an https address (http only for a provider on this host)"
    if address.query or address.fragment or address.username or not _is_word(issuer):
        yield "issuer", "must be exactly what the provider calls itself, without a query"
    if issuer.rstrip("/") == str(settings.BASE_URL).rstrip("/"):
        yield "issuer", "is this platform itself"


def _length_problems(spec: ProviderSpec) -> Iterator[tuple[str, str]]:
    for name, most in _LONGEST.items():
        value = getattr(spec, name) or ""
        texts = value if isinstance(value, tuple) else (value,)
        if any(len(it) > most for it in texts):
            yield name, f"must have at most {most} characters"
        if any(not it.isprintable() for it in texts):
            yield name, "must have no control characters"


def _is_word(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable() and " " not in text
