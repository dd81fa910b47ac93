"""The same tests over both transports."""

from collections.abc import Iterator

import pytest

from promotions.ports.argocd import Transport
from tests.integration.argocd.worlds import World, world


@pytest.fixture(params=list(Transport), ids=str)
def transport(request: pytest.FixtureRequest) -> Transport:
    return Transport(request.param)


@pytest.fixture
def here(transport: Transport) -> Iterator[World]:
    """An Argo CD with the application ``guestbook``."""
    with world(transport) as made:
        yield made
