"""Who has a second factor, and who still owes one."""

from collections.abc import Mapping

from allauth.mfa.models import Authenticator
from django.conf import settings

from rbac.models import User

SESSION_KEY = "identity"
"""Where a session keeps the uid of the identity that signed in, if a provider vouches for it."""


def has_second_factor(user: User) -> bool:
    """Return whether a password alone does not let ``user`` in."""
    return bool(Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists())


def owes_second_factor(user: User, session: Mapping[str, object]) -> bool:
    """Return whether ``user`` is an operator with a password alone, where that is not enough.

    Whom an identity provider vouches for, it has asked for whatever it asks for.
    """
    is_asked = settings.REQUIRE_OPERATOR_MFA and user.is_superuser and SESSION_KEY not in session
    return bool(is_asked) and not has_second_factor(user)
