"""The outbox: one row for every committed write of a public object, and the order to read it in.

Ids are given out before commit, so a greater id may be visible while a smaller one is not. Readers
go in order of ids, and only as far as all smaller ones are settled: committed or given up.

SQLite runs one writing transaction at a time, so every visible id is settled. On PostgreSQL a
transaction announces itself before it draws its first id: it reads the greatest visible id and
keeps a shared advisory lock that says so until it ends. A reader takes the greatest visible id,
then the least that is announced; the lesser of the two is settled.

* Nothing is missed: an id up to the greatest visible one was drawn before the reader's snapshot,
  hence announced before it. If its transaction had not ended when the locks were read, its
  announcement, which is less than the id, was among them. If it had, its rows are visible to
  whoever reads them in a later statement: PostgreSQL lets go of locks after it shows the rows.
* A transaction that announces itself after the locks were read draws ids greater than any that
  the reader saw, although what it announces may be less: settled ids are never taken back.
* Only transactions that record changes hold readers up, and only in this database: locks know
  their database, unlike transaction ids, which all databases of a server share. Those that only
  read, or have not recorded a change yet, hold nobody up.
* A prepared transaction keeps its locks, and so holds readers up until it is decided.
* A savepoint that is rolled back takes the lock and the note of it along with the ids.
"""

from django.db import connection, models

from common.clock import now

_ID_BITS = 40
_TAG = 0x4B4152 << _ID_BITS
"""Tells our advisory locks from others of this database: key = tag, then an id."""

_ANNOUNCE = """
    SELECT pg_advisory_xact_lock_shared(
               %(tag)s::bigint | (SELECT coalesce(max(id), 0) FROM projects_change)),
           set_config('kargo.announced', 'yes', true)
    WHERE coalesce(current_setting('kargo.announced', true), '') = ''
"""
_SETTLED = """
    SELECT least(
        (SELECT coalesce(max(id), 0) FROM projects_change),
        (SELECT min(((classid::bigint << 32) | objid::bigint) & ((1::bigint << %(bits)s) - 1))
         FROM pg_locks
         WHERE locktype = 'advisory' AND objsubid = 1
           AND (classid::bigint << 32) >> %(bits)s = %(tag)s::bigint >> %(bits)s
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
           AND pid IS DISTINCT FROM pg_backend_pid()))
"""


class ChangeType(models.TextChoices):
    """What happened, in the words of a Kubernetes watch."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"


class ChangeManager(models.Manager["Change"]):
    """Knows which ids may be relied on."""

    def announce(self) -> None:
        """Say that this transaction is about to draw ids; once a transaction is enough."""
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(_ANNOUNCE, {"tag": _TAG})

    def settled_id(self) -> int:
        """Return an id such that every change up to it is visible to the next statement.

        It is the id of a change, or 0. It may be less than what an earlier call returned: what was
        settled once stays so.
        """
        if connection.vendor != "postgresql":
            return self.newest_id()
        with connection.cursor() as cursor:
            cursor.execute(_SETTLED, {"tag": _TAG, "bits": _ID_BITS})
            row = cursor.fetchone()
        return int(row[0])

    def newest_id(self) -> int:
        """Return the greatest id that is visible; 0 without any."""
        return self.aggregate(newest=models.Max("pk"))["newest"] or 0


class Change(models.Model):
    """Says that an object changed, not how; written in the transaction of the change.

    ``id`` is the object's new ``resourceVersion``. Rows may be pruned, the oldest first and never
    the newest: who followed from one of them starts anew.
    """

    tenant_uid = models.UUIDField()
    project_uid = models.UUIDField(null=True)
    kind = models.CharField(max_length=32)
    uid = models.UUIDField()
    name = models.CharField(max_length=253)
    type = models.CharField(max_length=8, choices=ChangeType.choices)
    at = models.DateTimeField(default=now)

    objects = ChangeManager()

    class Meta:
        indexes = [
            # Following one project's changes (portal, watches).
            models.Index(fields=["project_uid", "id"], name="change_project"),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.type} {self.kind}/{self.name}"
