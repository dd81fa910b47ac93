"""Empties the database after a test that has committed: only tables that have rows are touched.

Django's own flush truncates every table, and then makes the content types and permissions again
that it has just removed. On PostgreSQL that costs as much as many tests do.
"""

from django.db import connection, transaction
from django.test import TransactionTestCase

_KEPT = frozenset({"django_migrations", "django_content_type", "auth_permission"})
"""What migrations leave behind, and no test changes."""

_GUARDED = "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal"
"""Tables with triggers of our own: their rows may not be deleted, while truncating is allowed."""


def empty_tables() -> None:
    """Leave the database as migrations left it."""
    with transaction.atomic(), connection.cursor() as cursor:
        names = set(connection.introspection.table_names(cursor)) - _KEPT
        quoted = {name: connection.ops.quote_name(name) for name in names}
        asked = (f"SELECT '{it}' WHERE EXISTS (SELECT 1 FROM {quoted[it]})" for it in names)  # noqa: S608 -- the database's own names
        cursor.execute(" UNION ALL ".join(asked))
        filled = {name for (name,) in cursor.fetchall()}
        guarded = filled & _guarded()
        if guarded:
            cursor.execute(f"TRUNCATE {', '.join(quoted[it] for it in guarded)}")
        for name in filled - guarded:
            cursor.execute(f"DELETE FROM {quoted[name]}")  # noqa: S608 -- the database's own names


def empty_cheaply() -> None:
    """Have tests that commit emptied so from now on."""
    TransactionTestCase._fixture_teardown = lambda _self: empty_tables()  # type: ignore[attr-defined] # a private method, with no public way


def _guarded() -> set[str]:
    if connection.vendor != "postgresql":
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_GUARDED)
        return {name for (name,) in cursor.fetchall()}
