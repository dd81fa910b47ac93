"""A tenant with everything in it and those who knock, made once for all tests of a module.

Nothing is changed for good: every attempt is in a transaction that is undone.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from pytest_django import Settings

from common.clock import now
from rbac.actors import operator_at_console
from tests.functional.access.grounds import World, make_grounds
from tests.functional.access.people import make_callers


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    del django_db_setup
    with django_db_blocker.unblock(), transaction.atomic():
        grounds = make_grounds(actor=operator_at_console("tests"), now=now())
        yield World(grounds, make_callers(grounds.project))
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _untried(settings: Settings) -> None:
    """Forget how often was tried to sign in; wait for no preview, which nobody makes here."""
    cache.clear()
    settings.PREVIEW_WAIT_SECONDS = 0.0
