"""Encrypts what nobody may read in the database, under the newest data key of a tenant.

Envelope encryption with AES-256-GCM. A key of the keyring (``KARGO_ENCRYPTION_KEYS``) wraps the
data keys in ``TenantKey``; data keys encrypt rows. The text is ``v2:<number>:<base64 of
nonce and ciphertext>``; older ones are ``v1:<key id>:…``, directly under a key of the keyring. The
associated data ties a text to its row, so that a copy in another row does not decrypt.
"""

import base64
import secrets
from dataclasses import dataclass, field
from functools import lru_cache
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, transaction

from common.clock import now
from common.errors import ConflictError
from projects.models import TenantKey

PLATFORM = UUID(int=0)
"""Whose keys encrypt what belongs to no tenant."""
KEYRING_VERSION = "v1"
DATA_KEY_VERSION = "v2"

_NONCE_BYTES = 12
_KEY_BYTES = 32
_LONGEST_ID = 63


@dataclass(frozen=True, slots=True)
class DataKey:
    """A data key, ready for use."""

    number: int
    key: bytes = field(repr=False)


def encrypt(values: dict[str, str], *, tenant_uid: UUID | None, bound_to: str) -> str:
    """Return ``values`` encrypted under the tenant's newest data key, made the first time.

    Args:
        values: What to hide.
        tenant_uid: Whose key; ``None`` for what is the platform's own.
        bound_to: The uid of the row that keeps the text.
    """
    return encrypt_under(newest_key(tenant_uid or PLATFORM), values, bound_to=bound_to)


def encrypt_under(key: DataKey, values: dict[str, str], *, bound_to: str) -> str:
    """As :func:`encrypt`, under one data key."""
    sealed = _seal(key.key, orjson.dumps(values), bound_to=bound_to)
    return f"{DATA_KEY_VERSION}:{key.number}:{sealed}"


def decrypt(text: str, *, tenant_uid: UUID | str | None, bound_to: str) -> dict[str, str]:
    """Return what :func:`encrypt` was given; nothing if there is no text.

    Raises:
        ConflictError: The key is gone, or the text is not this row's.
    """
    return Reader(tenant_uid).decrypt(text, bound_to=bound_to)


class Reader:
    """Decrypts many texts of one tenant, and looks each of its data keys up once.

    For one request or pass: it does not notice that keys are destroyed.
    """

    def __init__(self, tenant_uid: UUID | str | None) -> None:
        self._owner = UUID(str(tenant_uid)) if tenant_uid is not None else PLATFORM
        self._keys: dict[int, bytes] = {}

    def decrypt(self, text: str, *, bound_to: str) -> dict[str, str]:
        """As :func:`decrypt`."""
        if not text:
            return {}
        version, key_name, payload = text.split(":", 2)
        is_direct = version == KEYRING_VERSION
        key = keyring_key(key_name) if is_direct else self._data_key(int(key_name))
        plain = _open(key, payload, bound_to=bound_to)
        if plain is None:
            raise ConflictError("A secret cannot be decrypted; write it again.")
        values: dict[str, str] = orjson.loads(plain)
        return values

    def _data_key(self, number: int) -> bytes:
        if number not in self._keys:
            row = TenantKey.objects.filter(tenant_uid=self._owner, number=number).first()
            if row is None:
                raise ConflictError(
                    f"A secret is encrypted with data key {number}, which is gone; write it again."
                )
            self._keys[number] = unwrap(row).key
        return self._keys[number]


def newest_key(owner: UUID) -> DataKey:
    """Return the data key of a tenant (or ``PLATFORM``) that encrypts, making the first one."""
    row = TenantKey.objects.filter(tenant_uid=owner).order_by("-number").first()
    return unwrap(row if row is not None else make_key(owner, number=1))


def make_key(owner: UUID, *, number: int) -> TenantKey:
    """Return a new data key, or the one of that number that somebody else made just before."""
    key_id, wrapped = _wrapped(secrets.token_bytes(_KEY_BYTES), owner, number)
    facts = {"wrapped": wrapped, "wrapped_by": key_id, "created_at": now()}
    try:
        with transaction.atomic():
            return TenantKey.objects.create(tenant_uid=owner, number=number, **facts)
    except IntegrityError:
        return TenantKey.objects.get(tenant_uid=owner, number=number)


def unwrap(row: TenantKey) -> DataKey:
    """Return the data key in a row.

    Raises:
        ConflictError: The key that wraps it is not in the keyring, or is another one.
    """
    bound_to = _wrapping(row.tenant_uid, row.number)
    key = _open(keyring_key(row.wrapped_by), row.wrapped, bound_to=bound_to)
    if key is None:
        raise ConflictError(
            f'A data key cannot be unwrapped: the key "{row.wrapped_by}" in KARGO_ENCRYPTION_KEYS '
            "is not the one that wrapped it; put that one back."
        )
    return DataKey(row.number, key)


def wrap_again(row: TenantKey) -> bool:
    """Wrap a data key under the newest key of the keyring; return whether that changed the row.

    Raises:
        ConflictError: It cannot be unwrapped.
    """
    key_id, wrapped = _wrapped(unwrap(row).key, row.tenant_uid, row.number)
    rows = TenantKey.objects.filter(pk=row.pk, wrapped=row.wrapped)
    return bool(rows.update(wrapped=wrapped, wrapped_by=key_id))


def newest_keyring_id() -> str:
    """Return the id of the key of the keyring that wraps."""
    return next(iter(_keyring()))


def keyring_key(key_id: str) -> bytes:
    """Return a key of the keyring.

    Raises:
        ConflictError: It is not there.
    """
    key = _keyring().get(key_id)
    if key is None:
        raise ConflictError(
            f'A secret is encrypted with the key "{key_id}", which KARGO_ENCRYPTION_KEYS lacks; '
            "add the key again."
        )
    return key


def _wrapped(key: bytes, owner: UUID, number: int) -> tuple[str, str]:
    key_id, wrapping = next(iter(_keyring().items()))
    return key_id, _seal(wrapping, key, bound_to=_wrapping(owner, number))


def _wrapping(owner: UUID, number: int) -> str:
    return f"{owner}/{number}"


def _seal(key: bytes, plain: bytes, *, bound_to: str) -> str:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, plain, bound_to.encode())
    return base64.b64encode(nonce + sealed).decode()


def _open(key: bytes, text: str, *, bound_to: str) -> bytes | None:
    """Return what was sealed; ``None`` if the key is another one, or the text another row's."""
    raw = base64.b64decode(text)
    try:
        return AESGCM(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], bound_to.encode())
    except InvalidTag:
        return None


def _keyring() -> dict[str, bytes]:
    return _parse(tuple(settings.ENCRYPTION_KEYS))


@lru_cache
def _parse(entries: tuple[str, ...]) -> dict[str, bytes]:
    keys = {key_id: _read(text) for key_id, _, text in (it.partition(":") for it in entries)}
    is_sound = all(len(key) == _KEY_BYTES for key in keys.values())
    if not keys or not is_sound or max(map(len, keys)) > _LONGEST_ID:
        raise ImproperlyConfigured(
            "KARGO_ENCRYPTION_KEYS must list keys as <key id>:<base64 of 32 bytes>, newest first."
        )
    return keys


def _read(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""
