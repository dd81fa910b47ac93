"""Encrypts secrets at rest: AES-256-GCM under a key named in the text.

The text is ``v1:<key id>:<base64 of nonce and ciphertext>``; the associated data ties it to its
row, so that a text copied to another row does not decrypt.
"""

import base64
import secrets
from functools import lru_cache

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from common.errors import ConflictError

_NONCE_BYTES = 12


def encrypt(values: dict[str, str], *, bound_to: str) -> str:
    """Return ``values`` encrypted under the newest key, bound to ``bound_to`` (a row's uid)."""
    key_id, key = next(iter(_keyring().items()))
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, orjson.dumps(values), bound_to.encode())
    return f"v1:{key_id}:{base64.b64encode(nonce + sealed).decode()}"


def decrypt(text: str, *, bound_to: str) -> dict[str, str]:
    """Return what :func:`encrypt` was given.

    Raises:
        ConflictError: The key is not in the keyring, or the text is not this row's.
    """
    _, key_id, payload = text.split(":", 2)
    key = _keyring().get(key_id)
    if key is None:
        raise ConflictError(
            f'A secret is encrypted with the key "{key_id}", which KARGO_ENCRYPTION_KEYS lacks; '
            "add the key again."
        )
    raw = base64.b64decode(payload)
    try:
        plain = AESGCM(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], bound_to.encode())
    except InvalidTag as error:
        raise ConflictError("A secret cannot be decrypted; write it again.") from error
    values: dict[str, str] = orjson.loads(plain)
    return values


def _keyring() -> dict[str, bytes]:
    return _parse(tuple(settings.ENCRYPTION_KEYS))


@lru_cache
def _parse(entries: tuple[str, ...]) -> dict[str, bytes]:
    pairs = (entry.split(":", 1) for entry in entries)
    return {key_id: base64.b64decode(key) for key_id, key in pairs}
