"""What real workers reconcile in these tests: three fenced steps, each with an outside effect."""

import os
import random
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from promotions.models import WorkKind
from promotions.reconcilers.loop import Lease, Reconcile

STEPS = 3
CREATE_TABLE = (
    "CREATE TABLE chaos_effect (item varchar(36), step integer, fence bigint, "
    "recorded_at double precision)"
)


def reconcile(uid: UUID, *, lease: Lease, now: datetime) -> timedelta | None:
    """Do the steps that are not done; count on being killed at any point."""
    for step in range(steps_done(uid), STEPS):
        attempt(uid, step)
        time.sleep(random.uniform(0.01, 0.06))  # noqa: S311 -- no secret
        with lease.transaction(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO chaos_effect VALUES (%s, %s, %s, %s)",
                [str(uid), step, lease.fence, time.time()],
            )
    return None


def steps_done(uid: UUID) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM chaos_effect WHERE item = %s", [str(uid)])
        return int(cursor.fetchone()[0])


def attempt(uid: UUID, step: int) -> None:
    """Act on the outside, which no transaction can undo: add a line to a file."""
    file = os.open(os.environ["CHAOS_ATTEMPTS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, f"{uid} {step}\n".encode())
    os.close(file)


def reconcilers() -> Mapping[WorkKind, Reconcile]:
    return {WorkKind.WAREHOUSE: reconcile}
