"""Remembers what providers publish, so that a sign-in seldom waits and a flood never asks.

Kept for each process: ten minutes, or until a token names a key that is not among those known,
which is looked for every half minute at most. While a provider cannot be reached, what it last
said counts for an hour.
"""

import logging
import math
import threading
import time
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import jwt

from common.errors import PlatformError, UpstreamError
from rbac.oidc.documents import LIMITS, Jwk, Metadata, fetch_keys, fetch_metadata

logger = logging.getLogger(__name__)

FRESH_SECONDS: Final = 600.0
STALE_SECONDS: Final = 3600.0
RETRY_SECONDS: Final = 30.0
"""How long nobody asks again, for a key that is missing."""
AFTER_FAILURE_SECONDS: Final = 10.0
"""How long nobody asks again a provider that has failed."""


@dataclass(frozen=True, slots=True)
class Published:
    """What a provider published at a time of ``time.monotonic``."""

    metadata: Metadata
    keys: tuple[Jwk, ...]
    at: float
    prepared: dict[tuple[int, str], jwt.PyJWK] = field(default_factory=dict, compare=False)

    def key(self, kid: str, algorithm: str) -> jwt.PyJWK | None:
        """Return the key of that id and for that algorithm; without an id, the only one."""
        matching = [
            index for index, key in enumerate(self.keys) if _is_for(key, kid, algorithm=algorithm)
        ]
        if not matching or (not kid and len(matching) > 1):
            return None
        chosen = (matching[0], algorithm)
        if chosen not in self.prepared:
            self.prepared[chosen] = jwt.PyJWK(dict(self.keys[matching[0]]), algorithm=algorithm)
        return self.prepared[chosen]


class Issuer:
    """One issuer, asked by one thread at a time."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._published: Published | None = None
        self._asked_at = -math.inf
        self._failed_at = -math.inf

    def published(self) -> Published:
        """Return what the issuer published in the last ten minutes.

        Raises:
            UpstreamError: It cannot be had.
        """
        known = self._published
        if known is not None and time.monotonic() - known.at < FRESH_SECONDS:
            return known
        return self._asked(known)

    def key(self, kid: str, *, algorithm: str) -> jwt.PyJWK | None:
        """Return a key, having asked again if it is not known; ``None`` if there is none.

        Raises:
            UpstreamError: What the issuer publishes cannot be had.
        """
        known = self.published()
        found = known.key(kid, algorithm)
        if found is not None or time.monotonic() - self._asked_at < RETRY_SECONDS:
            return found
        return self._asked(known).key(kid, algorithm)

    def _asked(self, known: Published | None) -> Published:
        """Return what the issuer publishes now; or ``known``, while it fails."""
        if not self._lock.acquire(timeout=LIMITS.timeout_seconds):
            return self._last_resort(known)
        try:
            if self._published is not None and self._published is not known:
                return self._published  # somebody else has just asked
            if time.monotonic() - self._failed_at < AFTER_FAILURE_SECONDS:
                return self._last_resort(known)
            return self._ask(known)
        finally:
            self._lock.release()

    def _ask(self, known: Published | None) -> Published:
        self._asked_at = time.monotonic()
        try:
            metadata = fetch_metadata(self._name)
            self._published = Published(metadata, fetch_keys(metadata), time.monotonic())
        except PlatformError as error:
            self._failed_at = time.monotonic()
            logger.warning(
                "identity provider cannot be used",
                extra={"issuer": self._name, "reason": error.message},
            )
            return self._last_resort(known)
        return self._published

    def _last_resort(self, known: Published | None) -> Published:
        if known is not None and time.monotonic() - known.at < STALE_SECONDS:
            return known
        raise UpstreamError(
            f"The provider {self._name} cannot be reached, or what it says cannot be used.",
            retryable=True,
        )


@lru_cache(maxsize=1024)
def issuer_named(name: str) -> Issuer:
    """Return what is remembered of an issuer that somebody trusts."""
    return Issuer(name)


def _is_for(key: Jwk, kid: str, *, algorithm: str) -> bool:
    kind = "EC" if algorithm.startswith("ES") else "RSA"
    is_named = not kid or key.get("kid") == kid
    return is_named and key.get("kty") == kind and key.get("alg", algorithm) == algorithm
