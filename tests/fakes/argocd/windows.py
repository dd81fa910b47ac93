"""Whether a sync window lets an Application sync now: the schedules of its AppProject.

Source: argo-cd ``pkg/apis/application/v1alpha1`` (``SyncWindows.CanSync``).
"""

import calendar
import datetime as dt
import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tests.fakes.argocd.store import Document

_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
_UNITS = {"h": 3600, "m": 60, "s": 1}
_NAMES = {
    **{name: str(it) for it, name in enumerate(calendar.month_abbr) if it},
    **{name: str((it + 1) % 7) for it, name in enumerate(calendar.day_abbr)},
}
_LONG_DAYS = 5 * 366


class WindowError(ValueError):
    """A window cannot be understood; the text is Argo CD's."""


class Assigned(NamedTuple):
    """The windows that concern an Application, and those that are open now."""

    windows: list[Document]
    active: list[Document]


def assigned(project: Document, application: Document, now: dt.datetime) -> Assigned:
    """Return the windows of a project that match an Application.

    Raises:
        WindowError: A schedule or duration is malformed.
    """
    windows = project.get("spec", {}).get("syncWindows") or []
    matching = [window for window in windows if _matches(window, application)]
    return Assigned(matching, [it for it in matching if is_open(it, now)])


def may_sync(found: Assigned, *, is_manual: bool) -> bool:
    """Answer whether an operation may begin."""
    denies = _of(found.active, "deny")
    if denies:
        return is_manual and all(window.get("manualSync") for window in denies)
    if _of(found.active, "allow"):
        return True
    closed = _of(found.windows, "allow")
    return not closed or (is_manual and all(window.get("manualSync") for window in closed))


def is_open(window: Document, now: dt.datetime) -> bool:
    """Answer whether a window is open.

    Its clock is UTC moved by what the time zone is off now; an unknown zone is UTC. A schedule
    that does not come round within years is always open: Argo CD takes "never" for long ago.

    Raises:
        WindowError: Its schedule or duration is malformed.
    """
    fields = _schedule(str(window.get("schedule", "")))
    seconds = duration_seconds(str(window.get("duration", "")))
    wall = now.astimezone(dt.UTC).replace(tzinfo=None) + _offset(window, now)
    minute = wall.replace(second=0, microsecond=0)
    while minute > wall - dt.timedelta(seconds=seconds):
        if _begins_at(fields, minute):
            return True
        minute -= dt.timedelta(minutes=1)
    return not any(_is_on(fields, wall + dt.timedelta(days=it)) for it in range(_LONG_DAYS))


def _offset(window: Document, now: dt.datetime) -> dt.timedelta:
    try:
        zone = ZoneInfo(str(window.get("timeZone") or "UTC"))
    except (ZoneInfoNotFoundError, ValueError):
        return dt.timedelta(0)
    return now.astimezone(zone).utcoffset() or dt.timedelta(0)


def duration_seconds(text: str) -> float:
    """Return the seconds in a Go duration such as ``1h30m``.

    Raises:
        WindowError: It is none.
    """
    parts = re.findall(r"(\d+(?:\.\d+)?)([hms])", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise WindowError(f"cannot parse duration '{text}': time: invalid duration \"{text}\"")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def _of(windows: Iterable[Document], kind: str) -> list[Document]:
    return [window for window in windows if window.get("kind") == kind]


def _matches(window: Document, application: Document) -> bool:
    spec = application.get("spec", {})
    destination = spec.get("destination", {})
    places = (destination.get("server", ""), destination.get("name", ""))
    hits = (
        _any(window.get("applications"), application["metadata"]["name"]),
        _any(window.get("namespaces"), destination.get("namespace", "")),
        any(place and _any(window.get("clusters"), place) for place in places),
    )
    if not window.get("andOperator"):
        return any(hits)
    asked = [bool(window.get(name)) for name in ("applications", "namespaces", "clusters")]
    return any(asked) and all(hit for hit, is_asked in zip(hits, asked, strict=True) if is_asked)


def _any(patterns: Iterable[str] | None, text: str) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns or ())


def _schedule(text: str) -> tuple[frozenset[int] | None, ...]:
    fields = text.split()
    if len(fields) != len(_RANGES):
        raise WindowError(
            f"cannot parse schedule '{text}': expected exactly 5 fields, "
            f"found {len(fields)}: [{text}]"
        )
    try:
        return tuple(_field(it, limits) for it, limits in zip(fields, _RANGES, strict=True))
    except ValueError:
        raise WindowError(f"cannot parse schedule '{text}': failed to parse int") from None


def _field(text: str, limits: tuple[int, int]) -> frozenset[int] | None:
    if text in {"*", "?", "*/1", "?/1"}:
        return None
    low, high = limits
    values: set[int] = set()
    numbered = re.sub(r"[A-Za-z]+", lambda it: _NAMES.get(it[0].title(), it[0]), text)
    for part in numbered.split(","):
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        start = low if span == "*" else int(first)
        end = int(last) if dash else (high if span == "*" or step else start)
        if start < low or end > high or start > end:
            raise ValueError(part)
        values.update(range(start, end + 1, int(step or 1)))
    return frozenset(values)


def _begins_at(fields: tuple[frozenset[int] | None, ...], moment: dt.datetime) -> bool:
    minute, hour, *_ = fields
    is_time = _in(minute, moment.minute) and _in(hour, moment.hour)
    return is_time and _is_on(fields, moment)


def _is_on(fields: tuple[frozenset[int] | None, ...], moment: dt.datetime) -> bool:
    *_, day, month, weekday = fields
    if not _in(month, moment.month):
        return False
    days = _in(day, moment.day), _in(weekday, moment.isoweekday() % 7)
    return any(days) if day is not None and weekday is not None else all(days)


def _in(values: frozenset[int] | None, value: int) -> bool:
    return values is None or value in values
