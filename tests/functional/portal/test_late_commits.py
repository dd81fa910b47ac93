"""A transaction that commits late is not skipped by those who follow changes."""

import threading
import time

import pytest
from django.db import connection, transaction

from projects.models import Change, ChangeType, Project
from projects.services.changes import record_change
from promotions.selectors.live import Cursor, changes_after, newest_cursor
from tests.factories.domain import make_project

pytestmark = pytest.mark.django_db(transaction=True)


def _touch(project: Project) -> Change:
    return record_change(
        project,
        change_type=ChangeType.MODIFIED,
        tenant_uid=project.tenant.uid,
        project_uid=project.uid,
    )


def test_a_change_that_is_committed_after_a_newer_one_is_still_read() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite runs one writing transaction at a time")
    early, late = make_project("early"), make_project("late")
    start = newest_cursor()
    has_written, may_commit = threading.Event(), threading.Event()
    slow = threading.Thread(target=_write_slowly, args=(late, has_written, may_commit))

    slow.start()
    has_written.wait(10)
    _touch(early)
    meanwhile = changes_after(start)
    may_commit.set()
    slow.join(10)

    assert meanwhile == []
    assert {change.name for change in _soon_after(start, count=2)} == {"early", "late"}


def test_a_change_is_read_once_its_transaction_is_over() -> None:
    project = make_project()
    start = newest_cursor()

    with transaction.atomic():
        change = _touch(project)

    assert _soon_after(start, count=1) == [change]


def _soon_after(start: Cursor, *, count: int) -> list[Change]:
    """Return the changes once there are ``count``.

    PostgreSQL counts the transactions of all its databases, so that other tests may hold them up.
    """
    ends_at = time.monotonic() + 120
    while len(found := changes_after(start)) < count and time.monotonic() < ends_at:
        time.sleep(0.05)
    return found


def _write_slowly(
    project: Project, has_written: threading.Event, may_commit: threading.Event
) -> None:
    try:
        with transaction.atomic():
            _touch(project)
            has_written.set()
            may_commit.wait(10)
    finally:
        connection.close()
