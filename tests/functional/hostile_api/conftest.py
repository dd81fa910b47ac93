"""The arena, made once for all tests of a module: every attack is undone."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction

from common.clock import now
from rbac.actors import operator_at_console
from tests.functional.hostile_api.arena import Arena, make_arena


@pytest.fixture(scope="module")
def standing(django_db_setup: None, django_db_blocker: Any) -> Iterator[Arena]:
    del django_db_setup
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_arena(actor=operator_at_console("tests"), now=now())
        transaction.set_rollback(True)


@pytest.fixture
def arena(standing: Arena, django_db_blocker: Any, settings: Any) -> Iterator[Arena]:
    settings.PREVIEW_WAIT_SECONDS = 0
    cache.clear()
    with django_db_blocker.unblock(), transaction.atomic():
        yield standing
        transaction.set_rollback(True)
