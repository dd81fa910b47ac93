"""Keeps the ID token that a session began with, for the provider to know which session ends.

Only for a provider that is to be signed out of, only if it is short enough for an address, and
encrypted under the tenant's key: the database has it in no readable form, and when the tenant's
keys are destroyed, nobody has it.
"""

from django.http import HttpRequest

from common.errors import PlatformError
from projects.encryption import decrypt, encrypt
from projects.models import IdentityProvider
from rbac.backends import Attempt
from rbac.models import Identity

HINT = "oidc_hint"
"""Where a session keeps it."""
LONGEST_HINT = 4096
"""Characters; what is longer does not fit in an address everywhere."""

_ID_TOKEN = "idToken"  # noqa: S105 - the name of a key


def keep_hint(request: HttpRequest, row: IdentityProvider, attempt: Attempt) -> None:
    """Keep in a new session what signing out at its provider will need, if that is wanted."""
    token, identity = attempt.id_token, attempt.identity
    request.session.pop(HINT, None)
    if not row.ends_provider_session or identity is None or len(token) > LONGEST_HINT:
        return
    owner = row.tenant.uid if row.tenant else None
    sealed = encrypt({_ID_TOKEN: token}, tenant_uid=owner, bound_to=str(identity.uid))
    request.session[HINT] = sealed


def hint_in(request: HttpRequest, row: IdentityProvider, identity: Identity) -> str:
    """Return the ID token that a session began with; empty if it is not known any more."""
    owner = row.tenant.uid if row.tenant else None
    sealed = str(request.session.get(HINT, ""))
    try:
        return decrypt(sealed, tenant_uid=owner, bound_to=str(identity.uid)).get(_ID_TOKEN, "")
    except PlatformError:
        return ""  # the key it was under is gone
