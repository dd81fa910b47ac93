"""The world of the domain's tests, on a database that other processes see."""

import itertools

import pytest
from pytest_django import Settings

from tests.functional.domain.conftest import operator, origin, registry
from tests.functional.kills.fate import Fate
from tests.functional.kills.mortal import Moment, Resumption

__all__ = ["operator", "origin", "registry"]

DEATHS = [
    pytest.param((moment, how), id=f"{moment.value}-{how.value}")
    for moment, how in itertools.product(Moment, Resumption)
    if (moment, how) != (Moment.BEFORE, Resumption.OTHER_HOST)
]
"""Before the effect nothing has happened: it is enough to see that the promotion goes on."""


@pytest.fixture(params=DEATHS)
def fate(request: pytest.FixtureRequest, transactional_db: None, operator: Settings) -> Fate:
    """What becomes of the worker in this test."""
    return Fate(operator, *request.param)
