"""The frames of the views about identity providers: a tenant's, and the platform's own."""

from projects.models import IdentityProvider
from projects.rest import TenantView
from projects.services.identity_providers import identity_provider_named
from promotions.api.v1.operator_view import OperatorView


class TenantProviderView(TenantView):
    """A view under ``tenants/<tenant>/identity-providers``, for those who administer it."""

    access_resource = "identityproviders"
    access_name_in = "provider"

    def provider(self) -> IdentityProvider:
        """Return the provider that the address names.

        Raises:
            NotFoundError: There is none.
        """
        return identity_provider_named(self.tenant, str(self.kwargs["provider"]))


class PlatformProviderView(OperatorView):
    """A view under ``identity-providers``, for operators: what counts in every tenant."""

    access_resource = "identityproviders"
    access_name_in = "provider"

    def provider(self) -> IdentityProvider:
        """Return the provider that the address names.

        Raises:
            NotFoundError: There is none.
        """
        return identity_provider_named(None, str(self.kwargs["provider"]))
