"""Follows committed changes in an order that a late commit cannot slip behind.

Ids are given out before commit, so the row with a smaller id may become visible later. On
PostgreSQL rows are therefore read in order of (transaction, id), and only those of transactions
older than the oldest one that still runs. Elsewhere writers are serial and ids suffice.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Max, Q, QuerySet

from common.errors import InvalidError
from projects.models import Change, Project

_LIMIT = 500


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """How far a reader has come; ``str()`` gives ``<transaction>.<id>``, for clients to keep."""

    transaction: int = 0
    id: int = 0

    def __str__(self) -> str:
        return f"{self.transaction}.{self.id}"

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Read what ``str()`` gave.

        Raises:
            InvalidError: It is something else.
        """
        transaction, separator, number = text.partition(".")
        if not (separator and transaction.isdecimal() and number.isdecimal()):
            raise InvalidError(f'"{text}" is not a place in the stream of changes; leave it out.')
        return cls(transaction=int(transaction), id=int(number))


def changes_after(cursor: Cursor, *, limit: int = _LIMIT) -> list[Change]:
    """Return settled changes of every project after ``cursor``, in order, at most ``limit``."""
    if connection.vendor != "postgresql":
        return list(Change.objects.filter(pk__gt=cursor.id).order_by("pk")[:limit])
    later = Q(transaction__gt=cursor.transaction) | Q(
        transaction=cursor.transaction, pk__gt=cursor.id
    )
    rows = _settled().filter(later, transaction__gte=cursor.transaction)
    return list(rows.order_by("transaction", "pk")[:limit])


def newest_cursor() -> Cursor:
    """Return the place after every change that is settled now."""
    if connection.vendor != "postgresql":
        newest = Change.objects.order_by("-pk").first()
    else:
        newest = _settled().order_by("-transaction", "-pk").first()
    return cursor_of(newest) if newest else Cursor()


def cursor_of(change: Change) -> Cursor:
    """Return the place right after ``change``."""
    return Cursor(transaction=change.transaction or 0, id=change.pk)


def last_changes(projects: Iterable[Project]) -> dict[UUID, datetime]:
    """Return when anything in each of several projects last changed, by the project's uid."""
    newest = (
        Change.objects.filter(project_uid__in=[project.uid for project in projects])
        .values("project_uid")
        .annotate(newest=Max("pk"))
        .values("newest")
    )
    rows = Change.objects.filter(pk__in=newest).values_list("project_uid", "at")
    return {uid: at for uid, at in rows if uid is not None}


def _settled() -> QuerySet[Change]:
    """Return changes whose transactions, and all before them, have ended."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        row = cursor.fetchone()
    return Change.objects.filter(transaction__lt=int(row[0]))
