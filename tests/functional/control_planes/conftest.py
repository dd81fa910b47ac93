"""Argo CDs on this host may be asked, whatever this process has opened before."""

from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from promotions import wiring

_CACHES = (wiring._egress, wiring.argocds, wiring.control_planes)


@pytest.fixture(autouse=True)
def _loopback(settings: Settings) -> Iterator[None]:
    settings.EGRESS_ALLOWED_HOSTS = ["127.0.0.1"]
    for cache in _CACHES:
        cache.cache_clear()
    yield
    for cache in _CACHES:
        cache.cache_clear()
