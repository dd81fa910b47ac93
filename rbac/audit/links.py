"""What ties a chain together: hashes that anybody can check, and signatures that only we make.

Hashes show that a link was altered, moved, removed or put in between. Whoever can write to the
database could compute them anew, or cut off the end: that is what the signatures are against. Their
key is derived from ``SECRET_KEY``, which the database does not hold; ``SECRET_KEY_FALLBACKS`` are
believed too.
"""

import hashlib
import json
from datetime import UTC
from uuid import UUID

from django.core.signing import BadSignature, Signer

from rbac.models import AuditChain, AuditCheckpoint, AuditEvent

_HEAD, _CHECKPOINT = "kargo.audit.head", "kargo.audit.checkpoint"


def link_hash(event: AuditEvent) -> str:
    """Return the SHA-256 over everything an event says and the hash before it, in hex.

    It is taken of the UTF-8 of a JSON array without spaces, the keys of its objects sorted.
    """
    facts = [
        str(event.uid),
        str(event.tenant_uid),
        event.sequence,
        event.at.astimezone(UTC).isoformat(),
        event.actor,
        event.address,
        event.action,
        _text(event.project_uid),
        event.kind,
        _text(event.object_uid),
        event.object_name,
        event.reason,
        event.before,
        event.after,
        event.previous_hash,
    ]
    text = json.dumps(facts, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def sign_head(chain: AuditChain) -> str:
    """Return the signature of a chain's length and end."""
    return _signer(_HEAD).signature(_head(chain))


def is_head_signed(chain: AuditChain) -> bool:
    """Return whether this platform wrote a chain's length and end."""
    return _is_signed(_head(chain), chain.signature, salt=_HEAD)


def sign_checkpoint(checkpoint: AuditCheckpoint) -> str:
    """Return the signature of a checkpoint."""
    return _signer(_CHECKPOINT).signature(_point(checkpoint))


def is_checkpoint_signed(checkpoint: AuditCheckpoint) -> bool:
    """Return whether this platform wrote a checkpoint."""
    return _is_signed(_point(checkpoint), checkpoint.signature, salt=_CHECKPOINT)


def _text(uid: UUID | None) -> str | None:
    return None if uid is None else str(uid)


def _head(chain: AuditChain) -> str:
    return f"{chain.tenant_uid}:{chain.length}:{chain.head}"


def _point(checkpoint: AuditCheckpoint) -> str:
    at = checkpoint.at.astimezone(UTC).isoformat()
    return f"{checkpoint.tenant_uid}:{checkpoint.length}:{checkpoint.head}:{at}"


def _is_signed(text: str, signature: str, *, salt: str) -> bool:
    try:
        _signer(salt).unsign(f"{text}:{signature}")
    except BadSignature:
        return False
    return True


def _signer(salt: str) -> Signer:
    return Signer(salt=salt, algorithm="sha256")
