"""Reads the clock, so that nothing else has to."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the current time, aware, in UTC.

    Call this at an edge (a view, a command, a task) and pass the value inward.
    """
    return datetime.now(tz=UTC)
