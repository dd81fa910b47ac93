"""Says whom a tenant, or the whole platform, trusts about people; and no longer."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q

from common.errors import ConflictError, FieldProblem, InvalidError
from projects.encryption import decrypt, encrypt
from projects.models import IdentityProvider, Tenant
from projects.models.identity_provider import ClientAuth
from projects.models.tenant import DEFAULT_TENANT
from rbac.actors import Actor
from rbac.audit import PLATFORM, Act, record
from rbac.oidc.people import RESERVED_NAMES
from rbac.oidc.providers import DEFAULT_SCOPES
from rbac.services.identities import revoke_identities

_NAME = re.compile(r"[-A-Za-z0-9_]{1,63}")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_SECRET = "clientSecret"  # noqa: S105 - the name of a key
_MOST_SCOPES = 50


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
    is_enabled: bool = True


def create_identity_provider(
    tenant: Tenant | None, spec: ProviderSpec, *, actor: Actor, now: datetime
) -> IdentityProvider:
    """Trust a provider: in one tenant or, without ``tenant``, everywhere.

    Raises:
        InvalidError: Something in ``spec`` is not usable.
        ConflictError: The name is taken.
    """
    _check(spec, tenant)
    provider = IdentityProvider(tenant=tenant, created_at=now)
    with transaction.atomic():
        _write(provider, spec, now=now)
        _record(provider, "identity-provider.create", actor=actor, now=now, after=_shown(provider))
    return provider


def update_identity_provider(
    provider: IdentityProvider, spec: ProviderSpec, *, actor: Actor, now: datetime
) -> None:
    """Change a provider. Switching it off, or to another issuer, ends its people's sessions.

    Raises:
        InvalidError: Something in ``spec`` is not usable.
        ConflictError: The name is taken.
    """
    _check(spec, provider.tenant)
    with transaction.atomic():
        kept = IdentityProvider.objects.select_for_update().get(pk=provider.pk)
        before = _shown(kept)
        _write(provider, spec, now=now)
        if not provider.is_enabled or provider.issuer != kept.issuer:
            revoke_identities(provider_uid=provider.uid, now=now)
        facts = {"before": before, "after": _shown(provider)}
        _record(provider, "identity-provider.update", actor=actor, now=now, **facts)


def delete_identity_provider(provider: IdentityProvider, *, actor: Actor, now: datetime) -> None:
    """Trust a provider no longer: sessions of its people end, their accounts stay."""
    with transaction.atomic():
        revoke_identities(provider_uid=provider.uid, now=now)
        before = _shown(provider)
        IdentityProvider.objects.filter(pk=provider.pk).delete()
        _record(provider, "identity-provider.delete", actor=actor, now=now, before=before)


def client_secret_of(provider: IdentityProvider) -> str:
    """Return the secret to show to a provider; empty for a public client.

    Raises:
        ConflictError: It cannot be decrypted.
    """
    if not provider.encrypted:
        return ""
    owner = provider.tenant.uid if provider.tenant else None
    return decrypt(provider.encrypted, tenant_uid=owner, bound_to=str(provider.uid))[_SECRET]


def problems_in(spec: ProviderSpec, tenant: Tenant | None) -> tuple[FieldProblem, ...]:
    """Return what is not usable in what is said of a provider, by field."""
    return tuple(FieldProblem(path, reason) for path, reason in _problems(spec, tenant))


def is_name_taken(name: str, tenant: Tenant | None, *, but: IdentityProvider | None = None) -> bool:
    """Return whether another provider has the name: the platform's share the default tenant's."""
    shared = Q(tenant__isnull=True) | Q(tenant__name=DEFAULT_TENANT)
    is_shared = tenant is None or tenant.name == DEFAULT_TENANT
    rows = IdentityProvider.objects.filter(shared if is_shared else Q(tenant=tenant), name=name)
    others = rows.exclude(uid=but.uid) if but else rows
    return others.exists()


def _problems(spec: ProviderSpec, tenant: Tenant | None) -> Iterator[tuple[str, str]]:
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
    if any(not it or "@" in it or not _is_word(it) for it in spec.email_domains):
        yield "email_domains", "must be domains, such as example.com"


def _issuer_problems(issuer: str) -> Iterator[tuple[str, str]]:
    try:
        address = urlsplit(issuer)
        host = address.hostname or ""
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


def _is_word(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable() and " " not in text


def _check(spec: ProviderSpec, tenant: Tenant | None) -> None:
    problems = problems_in(spec, tenant)
    if problems:
        raise InvalidError("The identity provider is not valid", problems=problems)


def _write(provider: IdentityProvider, spec: ProviderSpec, *, now: datetime) -> None:
    if is_name_taken(spec.name, provider.tenant, but=provider):
        raise _taken(spec.name)
    provider.name, provider.title = spec.name, spec.title
    provider.issuer, provider.client_id = spec.issuer, spec.client_id.strip()
    provider.cli_client_id, provider.client_auth = spec.cli_client_id.strip(), spec.client_auth
    provider.scopes = list(dict.fromkeys(spec.scopes))
    provider.username_claim, provider.groups_claim = spec.username_claim, spec.groups_claim
    provider.email_domains = sorted({it.lower() for it in spec.email_domains})
    provider.trusts_email, provider.is_enabled = spec.trusts_email, spec.is_enabled
    provider.updated_at = now
    if spec.client_secret is not None:
        provider.encrypted = _sealed(provider, spec.client_secret)
    try:
        with transaction.atomic():
            provider.save()
    except IntegrityError as error:
        raise _taken(spec.name) from error


def _taken(name: str) -> ConflictError:
    return ConflictError(f'There is an identity provider "{name}" already.', code="exists")


def _sealed(provider: IdentityProvider, secret: str) -> str:
    if not secret:
        return ""
    owner = provider.tenant.uid if provider.tenant else None
    return encrypt({_SECRET: secret}, tenant_uid=owner, bound_to=str(provider.uid))


def _shown(provider: IdentityProvider) -> dict[str, Any]:
    """Return what the audit says of a provider; of its secret, whether there is one."""
    shown = (
        *("name", "title", "issuer", "client_id", "cli_client_id", "client_auth", "scopes"),
        *("username_claim", "groups_claim", "email_domains", "trusts_email", "is_enabled"),
    )
    facts: dict[str, Any] = {name: getattr(provider, name) for name in shown}
    return {**facts, "is_public_client": not provider.encrypted}


def _record(
    provider: IdentityProvider, action: str, *, actor: Actor, now: datetime, **facts: Any
) -> None:
    act = Act(
        action=action,
        kind="IdentityProvider",
        tenant_uid=provider.tenant.uid if provider.tenant else PLATFORM,
        object_uid=provider.uid,
        object_name=provider.name,
        **facts,
    )
    record(act, actor=actor, at=now)
