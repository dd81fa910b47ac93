"""How does a GitHub App prove to GitHub who it is?

Source: GitHub documentation, "Generating a JSON Web Token (JWT) for a GitHub App"; RFC 7519.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from common.errors import InvalidError

# GitHub takes ten minutes at most, and advises to date the token back against clocks that differ.
_BACKDATED = timedelta(seconds=60)
_VALID_FOR = timedelta(minutes=8)
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]*={0,2}\s*\Z")


def signed_jwt(app_id: str, key: RSAPrivateKey, *, now: datetime) -> str:
    """Return a token that proves for some minutes to be the App ``app_id``."""
    claims: Mapping[str, str | int] = {
        "iat": int((now - _BACKDATED).timestamp()),
        "exp": int((now + _VALID_FOR).timestamp()),
        "iss": app_id,
    }
    signed = f"{_encoded({'alg': 'RS256', 'typ': 'JWT'})}.{_encoded(claims)}"
    signature = key.sign(signed.encode(), PKCS1v15(), SHA256())
    return f"{signed}.{_base64url(signature)}"


def private_key(text: str) -> RSAPrivateKey:
    """Return the key in ``text``, which is PEM or the base64 of PEM.

    Raises:
        InvalidError: It is neither, or no RSA key without a passphrase.
    """
    try:
        key = load_pem_private_key(_pem(text), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InvalidError(
            "The GitHub App's private key cannot be read; githubAppPrivateKey must be the PEM file"
            " that GitHub made, without a passphrase."
        ) from error
    if not isinstance(key, RSAPrivateKey):
        raise InvalidError("The GitHub App's private key is not an RSA key.")
    return key


def _pem(text: str) -> bytes:
    if not _BASE64.match(text):
        return text.encode()
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error as error:
        raise InvalidError(
            "probable corrupt base64 encoding of private key; base64 encoding this key is no"
            " longer required and is discouraged"
        ) from error


def _encoded(part: Mapping[str, str | int]) -> str:
    return _base64url(json.dumps(part, separators=(",", ":")).encode())


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
