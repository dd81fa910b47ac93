"""A transaction that commits late is not skipped by those who follow changes."""

import threading

import pytest
from django.db import connection, transaction

from projects.models import Change, ChangeType, Project
from projects.services.changes import record_change
from promotions.selectors.live import changes_after, newest_cursor
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
    assert {change.name for change in changes_after(start)} == {"early", "late"}


def test_a_change_is_read_once_its_transaction_is_over() -> None:
    project = make_project()
    start = newest_cursor()

    with transaction.atomic():
        change = _touch(project)

    assert changes_after(start) == [change]


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
