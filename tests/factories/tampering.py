"""Lets tests do to the audit what only the owner of the database can."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

_TABLES = ("rbac_auditevent", "rbac_auditchain", "rbac_auditcheckpoint")


@contextmanager
def as_database_owner() -> Iterator[None]:
    """Take away, for a while, what makes the audit append-only on PostgreSQL."""
    _triggers("DISABLE")
    try:
        yield
    finally:
        _triggers("ENABLE")


def _triggers(act: str) -> None:
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for table in _TABLES:
            cursor.execute(f"ALTER TABLE {table} {act} TRIGGER USER")
