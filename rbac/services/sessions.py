"""Forgets sessions that have run out."""

from datetime import datetime

from django.contrib.sessions.models import Session

AT_A_TIME = 200


def forget_expired_sessions(*, now: datetime, limit: int = AT_A_TIME) -> int:
    """Remove up to ``limit`` sessions that have run out, the oldest first; return how many.

    Whatever adds a session calls this, so that their number follows how many are in use.
    """
    rows = Session.objects.filter(expire_date__lt=now).order_by("expire_date")
    keys = list(rows.values_list("pk", flat=True)[:limit])
    if keys:
        Session.objects.filter(pk__in=keys, expire_date__lt=now).delete()
    return len(keys)
