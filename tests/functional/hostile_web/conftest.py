"""The ordinary scene, an operator, and browsers that hold no token of a form."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import Client

from rbac.models import User
from tests.factories.people import make_operator
from tests.functional.portal.scenes import Scene, ordinary


@pytest.fixture(autouse=True)
def _nobody_has_tried_yet() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def scene(db: None) -> Scene:
    return ordinary()


@pytest.fixture
def operator(scene: Scene) -> User:
    return make_operator()


@pytest.fixture
def visitor() -> Client:
    """Somebody's browser, as strict as the server's settings."""
    return Client(enforce_csrf_checks=True, raise_request_exception=False)


@pytest.fixture
def signed_in(operator: User) -> Client:
    """An operator's browser, which another site drives."""
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(operator, backend="django.contrib.auth.backends.ModelBackend")
    return client
