"""Asks identity providers what they publish, for those who set them up."""

from projects.models import IdentityProvider
from projects.services.sign_in import as_provider
from rbac.oidc.checks import Report, check_provider


def check_identity_provider(provider: IdentityProvider) -> Report:
    """Return what a provider publishes now and does not fit with what is said of it.

    Changes nothing; takes two requests under the egress policy, of some seconds at most.
    """
    return check_provider(
        as_provider(provider),
        has_secret=bool(provider.encrypted),
        ends_session=provider.ends_provider_session,
    )
