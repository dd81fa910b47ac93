"""What arrives at a receiver, and the proofs that its sender knows the secret."""

import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from promotions.engine.webhooks.decisions import RefusedError

_ALGORITHMS = frozenset({"sha1", "sha256", "sha512"})


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request to a receiver.

    Attributes:
        headers: One value per name; names match in any case.
        body: The bytes that were sent, which signatures are over.
        secret: The data of the receiver's Secret.
        virtual_repo_name: Artifactory only: the repository that stands for the pushed one.
    """

    headers: Mapping[str, str]
    body: bytes
    secret: Mapping[str, bytes]
    virtual_repo_name: str = ""

    def header(self, name: str) -> str:
        """Return a header's value, or the empty string."""
        wanted = name.lower()
        return next((it for key, it in self.headers.items() if key.lower() == wanted), "")

    def secret_value(self, key: str) -> bytes:
        """Return a value of the Secret.

        Raises:
            RefusedError: It has no such key; the caller is told nothing about it.
        """
        if key not in self.secret:
            raise RefusedError(HTTPStatus.INTERNAL_SERVER_ERROR)
        return self.secret[key]


def check_signature(delivery: Delivery, *, header: str, key: bytes) -> None:
    """Check a signature of the form ``sha256=<hex>``, whose prefix names the algorithm.

    Raises:
        RefusedError: It is missing or wrong, or the key is empty.

    Source: go-github ValidateSignature, which Kargo uses for several providers.
    """
    signature = _required(delivery.header(header), "missing signature")
    algorithm, _, digits = signature.partition("=")
    try:
        digest = binascii.unhexlify(digits)
    except ValueError:
        raise _unauthorized() from None
    if not key or algorithm not in _ALGORITHMS:
        raise _unauthorized()
    if not hmac.compare_digest(hmac.digest(key, delivery.body, algorithm), digest):
        raise _unauthorized()


def check_bare_signature(delivery: Delivery, *, header: str, key: bytes) -> None:
    """Check a signature that is the HMAC-SHA256 alone, in lower-case hex.

    Raises:
        RefusedError: It is missing or wrong, or the key is empty.
    """
    signature = _required(delivery.header(header), "missing signature")
    expected = hmac.digest(key, delivery.body, "sha256").hex()
    if not is_same_secret(signature, expected.encode()) or not key:
        raise _unauthorized()


def check_authorization(delivery: Delivery, *, header: str, key: bytes) -> None:
    """Check a header that must equal the secret.

    Raises:
        RefusedError: It is missing or wrong, or the secret is empty.
    """
    authorization = _required(delivery.header(header), "missing authorization")
    if not is_same_secret(authorization, key):
        raise _unauthorized()


def is_same_secret(given: str, secret: bytes) -> bool:
    """Return whether they are equal, in a time that gives nothing away; an empty one never is."""
    return bool(secret) and hmac.compare_digest(given.encode(errors="surrogatepass"), secret)


def _required(value: str, message: str) -> str:
    if not value:
        raise RefusedError(HTTPStatus.UNAUTHORIZED, message)
    return value


def _unauthorized() -> RefusedError:
    return RefusedError(HTTPStatus.UNAUTHORIZED, "unauthorized")
