"""How second factors are kept: encrypted, and for good where operators must have one."""

import base64
import hashlib

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc] # allauth ships no types
    """Encrypts what authenticator apps and recovery codes are checked against."""

    def encrypt(self, text: str) -> str:
        """Return a secret as it is kept."""
        return _keys().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return a secret."""
        return _keys().decrypt(encrypted_text.encode()).decode()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Return whether somebody may do without it again."""
        return not (settings.REQUIRE_OPERATOR_MFA and authenticator.user.is_superuser)


def _keys() -> MultiFernet:
    """Return the keys, from ``KARGO_SECRET_KEY`` and what it was before."""
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    digests = (hashlib.sha256(f"second-factor:{it}".encode()).digest() for it in secrets)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
