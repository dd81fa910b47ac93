"""Which identity providers let people in, and where."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import F, Q, QuerySet

from common.errors import NotFoundError
from projects.models import IdentityProvider
from projects.models.tenant import DEFAULT_TENANT
from rbac.oidc.providers import Provider

CLI_CALLBACK = "http://localhost/auth/callback"
"""Where the command line waits for people to come back, on any port."""

_OWN_FIRST = F("tenant").asc(nulls_last=True)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a provider sends people back to: who has signed in, and who has signed out."""

    callback: str
    after_sign_out: str


def addresses_of(provider: IdentityProvider, *, base: str) -> Addresses:
    """Return the addresses to register at a provider, where this platform is at ``base``."""
    root = base.rstrip("/") + root_of(provider.tenant.name if provider.tenant else "")
    return Addresses(f"{root}/oidc/{provider.name}/callback/", f"{root}/accounts/login/")


def root_of(tenant_name: str) -> str:
    """Return what a tenant's addresses begin with: nothing for the default one."""
    return f"/t/{tenant_name}" if tenant_name not in {"", DEFAULT_TENANT} else ""


def sign_in_providers(tenant_name: str) -> QuerySet[IdentityProvider]:
    """Return the enabled providers that let people into a tenant, its own first.

    For a tenant that is not there these are the platform's, as for one without its own.
    """
    return _enabled(_trusted_in(tenant_name)).order_by(_OWN_FIRST, "name", "pk")


def sign_in_provider(tenant_name: str, name: str) -> IdentityProvider:
    """Return the provider behind an address, ``/oidc/<name>`` or ``/t/<tenant>/oidc/<name>``.

    The platform's own are at addresses without a tenant.

    Raises:
        NotFoundError: There is none, or it is switched off.
    """
    at = _trusted_in("") if not tenant_name else Q(tenant__name=tenant_name)
    provider = _enabled(at).filter(name=name).order_by(_OWN_FIRST, "pk").first()
    if provider is None:
        raise NotFoundError(f'There is no identity provider "{name}" here.')
    return provider


def provider_to_leave(uid: UUID) -> IdentityProvider | None:
    """Return a provider that people are to be signed out of when they sign out here."""
    return _enabled(Q(uid=uid, ends_provider_session=True)).first()


def providers_of_issuer(issuer: str, tenant_name: str) -> Sequence[Provider]:
    """Return the providers of an issuer whose tokens count in a tenant, its own first.

    See :data:`rbac.oidc.providers.ProviderFinder`.
    """
    rows = _enabled(_trusted_in(tenant_name)).filter(issuer=issuer)
    return [as_provider(row) for row in rows.order_by(_OWN_FIRST, "pk")]


def as_provider(row: IdentityProvider) -> Provider:
    """Return what the sign-in needs to know of a provider."""
    return Provider(
        uid=row.uid,
        name=row.name,
        issuer=row.issuer,
        client_id=row.client_id,
        tenant_uid=row.tenant.uid if row.tenant else None,
        title=row.title or row.name,
        cli_client_id=row.cli_client_id,
        scopes=tuple(row.scopes),
        username_claim=row.username_claim,
        groups_claim=row.groups_claim,
        email_domains=frozenset(row.email_domains),
        trusts_email=row.trusts_email,
        client_auth=row.client_auth,
    )


def _trusted_in(tenant_name: str) -> Q:
    return Q(tenant__isnull=True) | Q(tenant__name=tenant_name or DEFAULT_TENANT)


def _enabled(rows: Q) -> QuerySet[IdentityProvider]:
    living = Q(tenant__isnull=True) | Q(tenant__suspended_at__isnull=True)
    return IdentityProvider.objects.filter(rows, living, is_enabled=True).select_related("tenant")
