"""Which sync windows of an AppProject concern an application, and which of them are active?

Source: Argo CD ``pkg/apis/application/v1alpha1/types.go``, ``SyncWindows.Matches`` and ``active``.
Two things there surprise, and are kept: a window's clock is UTC moved by what its time zone is off
*now*, so that one across a change of the clocks is not an hour longer or shorter; and a line that
never comes round, such as 30 February, is a window that is always active. One thing is not: to Argo
CD a window is not active yet at the very instant at which it begins.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from common.errors import InvalidError
from common.jsontypes import JSONObject, as_list, as_object, as_text
from promotions.engine.argocd.application import Application
from promotions.engine.argocd.cron import CronError, Schedule, parse_schedule
from promotions.engine.argocd.globs import fits
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.gotime.durations import MICROSECOND, parse_duration

_LONGEST_SHOWN = 100


class SyncWindowError(InvalidError):
    """A window cannot be understood, which lets nothing be synced; the message is Argo CD's."""

    code = "invalid_sync_window"


def concerns(window: JSONObject, app: Application) -> bool:
    """Return whether a window, as an AppProject has it, is one for an application.

    One kind of pattern that fits is enough, unless the window says ``andOperator``.
    """
    found = list(_matches(window, app))
    return all(found) and bool(found) if window.get("andOperator") is True else any(found)


def is_active(*, schedule: str, duration: str, time_zone: str, now: datetime) -> bool:
    """Return whether a window is active at an aware ``now``: from its beginning, until its end.

    An unknown time zone is UTC, as for Argo CD.

    Raises:
        SyncWindowError: The schedule or the duration cannot be understood.
    """
    line, length = _schedule(schedule), _length(duration)
    wall = now.astimezone(UTC) + _offset(time_zone, now)
    try:
        begun = line.next_after(wall - length)
    except OverflowError:
        begun = None
    return begun is None or begun <= wall


def _matches(window: JSONObject, app: Application) -> Iterator[bool]:
    """Yield for each kind of pattern that a window has whether one fits."""
    destination = as_object(as_object(app.document.get("spec")).get("destination"))
    clusters = (as_text(destination.get("server")), as_text(destination.get("name")))
    for key, names in (
        ("applications", (app.name,)),
        ("clusters", tuple(it for it in clusters if it)),
        ("namespaces", (as_text(destination.get("namespace")),)),
    ):
        if patterns := as_list(window.get(key)):
            yield any(fits(as_text(it), name) for it in patterns for name in names)


def _schedule(text: str) -> Schedule:
    try:
        return parse_schedule(text)
    except CronError as error:
        raise SyncWindowError(f"cannot parse schedule '{_shown(text)}': {error.message}") from error


def _length(text: str) -> timedelta:
    try:
        return timedelta(microseconds=parse_duration(text).ns // MICROSECOND)
    except OperandError as error:
        raise SyncWindowError(f"cannot parse duration '{_shown(text)}': {error}") from error


def _offset(name: str, now: datetime) -> timedelta:
    try:
        zone = ZoneInfo(name or "UTC")
    except (OSError, ValueError, LookupError):
        return timedelta(0)
    return now.astimezone(zone).utcoffset() or timedelta(0)


def _shown(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
