"""A tenant with some of everything, and a browser's page in front of it."""

from collections.abc import Callable, Iterator

import pytest
from django.db import transaction
from django.test import Client
from pytest_django import DjangoDbBlocker

from common.clock import now
from rbac.actors import operator_at_console
from rbac.models import User
from rbac.services import issue_token
from tests.compat.web_ui.page import Page
from tests.factories.people import make_operator
from tests.factories.rich import Rich, make_rich

PageOf = Callable[[User], Page]


@pytest.fixture(scope="module")
def rich(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Rich]:
    """Make it once; each test's own transaction is inside this one."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_rich()
        transaction.set_rollback(True)


def token_of(user: User) -> str:
    """Return a token as the page keeps one in its local storage."""
    _token, plaintext = issue_token(
        user,
        name="page",
        tenant_uid=None,
        expires_at=None,
        actor=operator_at_console("tests"),
        now=now(),
    )
    return plaintext


@pytest.fixture
def page_of(client: Client, db: None) -> PageOf:
    """Return what gives somebody a page."""
    return lambda user: Page(client, token_of(user))


@pytest.fixture
def page(rich: Rich, page_of: PageOf) -> Page:
    """The page of the admin."""
    return page_of(make_operator("admin"))
