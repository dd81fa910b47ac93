"""A transaction that commits late is not skipped by those who follow changes."""

import threading
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction

from projects.models import Change, ChangeType, Project
from projects.services.changes import record_change
from promotions.selectors.live import changes_after, settled_position
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
    start = settled_position()
    has_written, may_commit = threading.Event(), threading.Event()
    slow = threading.Thread(target=_write_slowly, args=(late, has_written, may_commit))

    slow.start()
    has_written.wait(10)
    _touch(early)
    meanwhile = changes_after(start)
    may_commit.set()
    slow.join(10)

    assert meanwhile == []
    assert [change.name for change in changes_after(start)] == ["late", "early"]


def test_a_change_is_read_once_its_transaction_is_over() -> None:
    project = make_project()
    start = settled_position()

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


def test_only_what_records_changes_here_holds_followers_up() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite runs one writing transaction at a time")
    project = make_project()
    start = settled_position()
    address = connection.get_connection_params()
    with (
        psycopg.connect(**_plain(address)) as reader,
        psycopg.connect(**_plain(address)) as writer,
        psycopg.connect(**{**_plain(address), "dbname": "postgres"}) as elsewhere,
    ):
        reader.execute("SELECT pg_current_xact_id()")
        writer.execute("CREATE TEMPORARY TABLE held_open ()")
        elsewhere.execute("SELECT pg_current_xact_id()")

        change = _touch(project)

        assert changes_after(start) == [change]


def test_what_a_savepoint_gave_up_holds_nobody_up() -> None:
    project = make_project()
    start = settled_position()

    with transaction.atomic():
        savepoint = transaction.savepoint()
        _touch(project)
        transaction.savepoint_rollback(savepoint)
        seen_within = changes_after(start)
        change = _touch(project)

    assert seen_within == []
    assert changes_after(start) == [change]


def _plain(parameters: dict[str, Any]) -> dict[str, Any]:
    return {name: parameters[name] for name in ("dbname", "user", "host") if name in parameters}
