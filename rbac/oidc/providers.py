"""What the platform knows of an OpenID provider that it, or one tenant, trusts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

CLIENT_SECRET_BASIC, CLIENT_SECRET_POST = "client_secret_basic", "client_secret_post"

DEFAULT_SCOPES = ("openid", "profile", "email")


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider, without its secret.

    Attributes:
        tenant_uid: The only tenant that trusts it; null for the platform's own.
        cli_client_id: The public client of command lines, if they have one of their own.
        username_claim: What people are called by in events and the audit.
        groups_claim: Where the provider says somebody's groups; roles know them as ``groups``.
        email_domains: If there are any, only people with a verified address there come in.
        trusts_email: Whether a verified address leads to an account that is there already.
        client_auth: How the client's secret is shown: one of the two names above.
    """

    uid: UUID
    name: str
    issuer: str
    client_id: str
    tenant_uid: UUID | None = None
    title: str = ""
    cli_client_id: str = ""
    scopes: tuple[str, ...] = DEFAULT_SCOPES
    username_claim: str = "email"
    groups_claim: str = "groups"
    email_domains: frozenset[str] = frozenset()
    trusts_email: bool = False
    client_auth: str = CLIENT_SECRET_BASIC

    @property
    def audiences(self) -> frozenset[str]:
        """Whom the provider's tokens may be for."""
        return frozenset({self.client_id, self.cli_client_id}) - {""}


ProviderFinder: TypeAlias = Callable[[str, str], Sequence[Provider]]
"""Takes an issuer and a tenant's name (empty for the default one); returns the enabled providers
of that issuer that the tenant or the platform trusts, the tenant's own first."""
