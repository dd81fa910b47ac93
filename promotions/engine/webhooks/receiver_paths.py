"""Under which address does a receiver listen?

The path ends in a hash of the receiver's secret, so it cannot be guessed, and a new secret moves
the receiver.

Source: Kargo ``pkg/webhook/external`` getDetails and buildWebhookPath.
"""

import hashlib
import posixpath
from collections.abc import Iterable
from dataclasses import dataclass, replace

from promotions.engine.gourl import GoURL, parse_url


@dataclass(frozen=True, slots=True)
class ReceiverAddress:
    """Where a receiver listens: the path alone, and the whole URL."""

    path: str
    url: str


def receiver_address(
    base_url: str, *, kind: str, project: str, name: str, secret_values: Iterable[bytes]
) -> ReceiverAddress:
    """Return the address of a receiver.

    Args:
        base_url: What the installation's webhook addresses begin with.
        kind: The kind of receiver, such as ``github``.
        project: Empty for a receiver of the whole tenant.
        name: The receiver's name.
        secret_values: What ``receivers.secret_values`` returns.

    Raises:
        InvalidError: ``base_url`` is not a URL.
    """
    base = parse_url(base_url)
    hashed = f"{project}{name}".encode() + b"".join(secret_values)
    digest = hashlib.sha256(hashed).hexdigest()
    path = _join_path(base.path or "/", kind, digest)
    return ReceiverAddress(path, str(replace(base, path=path)))


def _join_path(base_url: str, *elements: str) -> str:
    """Return the URL with elements below its path, as Go's JoinPath does."""
    base = parse_url(base_url)
    escaped = str(GoURL(path=base.path, raw_path=base.raw_path))
    joined = posixpath.normpath("/".join(("", escaped, *elements)))
    rooted = parse_url(f"/{joined.lstrip('/')}")
    # A relative path stays one.
    start = 0 if escaped.startswith("/") else 1
    return str(replace(base, path=rooted.path[start:], raw_path=rooted.raw_path[start:]))
