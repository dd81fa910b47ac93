"""Says whom a tenant, or the whole platform, trusts about people; and no longer."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from common.errors import ConflictError, InvalidError, NotFoundError
from projects.encryption import decrypt, encrypt
from projects.models import IdentityProvider, Tenant
from projects.models.tenant import DEFAULT_TENANT
from projects.services.identity_provider_specs import ProviderSpec, problems_in
from rbac.actors import Actor
from rbac.audit import PLATFORM, Act, record
from rbac.services.identities import revoke_identities

_SECRET = "clientSecret"  # noqa: S105 - the name of a key


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


def identity_providers_of(tenant: Tenant | None, *, after: str = "") -> QuerySet[IdentityProvider]:
    """Return the providers of a tenant or, without one, the platform's own, by name.

    Those that are switched off are there too; ``after`` is the last name of the page before.
    """
    rows = IdentityProvider.objects.filter(tenant=tenant, name__gt=after)
    return rows.select_related("tenant").order_by("name", "pk")


def identity_provider_named(tenant: Tenant | None, name: str) -> IdentityProvider:
    """Return a provider of a tenant or, without one, of the platform's own.

    Raises:
        NotFoundError: There is none.
    """
    found = identity_providers_of(tenant).filter(name=name).first()
    if found is None:
        raise NotFoundError(f'identity provider "{name}" not found')
    return found


def spec_of(provider: IdentityProvider) -> ProviderSpec:
    """Return what is said of a provider; the secret is the one that is there."""
    return ProviderSpec(
        name=provider.name,
        issuer=provider.issuer,
        client_id=provider.client_id,
        title=provider.title,
        cli_client_id=provider.cli_client_id,
        client_auth=provider.client_auth,
        scopes=tuple(provider.scopes),
        username_claim=provider.username_claim,
        groups_claim=provider.groups_claim,
        email_domains=tuple(provider.email_domains),
        trusts_email=provider.trusts_email,
        ends_provider_session=provider.ends_provider_session,
        is_enabled=provider.is_enabled,
    )


def client_secret_of(provider: IdentityProvider) -> str:
    """Return the secret to show to a provider; empty for a public client.

    Raises:
        ConflictError: It cannot be decrypted.
    """
    if not provider.encrypted:
        return ""
    owner = provider.tenant.uid if provider.tenant else None
    return decrypt(provider.encrypted, tenant_uid=owner, bound_to=str(provider.uid))[_SECRET]


def is_name_taken(name: str, tenant: Tenant | None, *, but: IdentityProvider | None = None) -> bool:
    """Return whether another provider has the name: the platform's share the default tenant's."""
    shared = Q(tenant__isnull=True) | Q(tenant__name=DEFAULT_TENANT)
    is_shared = tenant is None or tenant.name == DEFAULT_TENANT
    rows = IdentityProvider.objects.filter(shared if is_shared else Q(tenant=tenant), name=name)
    others = rows.exclude(uid=but.uid) if but else rows
    return others.exists()


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
    provider.ends_provider_session = spec.ends_provider_session
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
        *("username_claim", "groups_claim", "email_domains", "trusts_email"),
        *("ends_provider_session", "is_enabled"),
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
