"""A project to receive webhooks for."""

import pytest

from tests.factories.domain import make_project
from tests.functional.domain.conftest import operator, world
from tests.functional.webhooks.hooks import Hooks

__all__ = ["operator", "world"]


@pytest.fixture
def hooks(db: None) -> Hooks:
    """The project ``demo`` of the default tenant."""
    return Hooks(make_project())
