"""The audit of a project: who did what, when and why, and what it changed."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

import yaml
from django.http import Http404

from promotions.portal.frame import ProjectPage
from promotions.portal.previews import DiffLine
from rbac.models import AuditEvent
from rbac.selectors.audit import AuditFilter, event_numbered, known_words, newest_events

_PAGE = 50
_SHOWN_LINES = 40
_MOST_LINES = 4000
_CONTEXT = 2
_FILTERS = ("actor", "action", "object", "since", "until")
_LARGEST_NUMBER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event as its row shows it.

    Attributes:
        more: How many lines of the difference are left out.
    """

    event: AuditEvent
    lines: list[DiffLine]
    more: int = 0


class AuditList(ProjectPage):
    access_resource = "auditevents"
    access_verb = "list"
    section: ClassVar[str] = "audit"
    template_name = "promotions/audit.html"
    fragment_name = "promotions/_audit.html"

    def context(self) -> dict[str, Any]:
        filters = {name: self.request.GET.get(name, "").strip() for name in _FILTERS}
        filters = {name: text.replace("\0", "") for name, text in filters.items()}
        before = _number(self.request.GET.get("before", ""))
        since, until = _day(filters["since"]), _day(filters["until"])
        wanted = AuditFilter(
            tenant_uid=self.tenant.uid,
            project_uid=self.project.uid,
            actor=filters["actor"],
            action=filters["action"],
            object=filters["object"],
            since=since,
            until=until + timedelta(days=1, microseconds=-1) if until else None,
        )
        events, older = newest_events(wanted, before=before, limit=_PAGE)
        given = {name: text for name, text in filters.items() if text}
        return self.frame(
            rows=[_row(event) for event in events],
            filters=filters,
            is_filtered=bool(given),
            is_older=before is not None,
            newest=f"?{urlencode(given)}",
            older=f"?{urlencode({**given, 'before': older})}" if older else "",
            words=known_words(tenant_uid=self.tenant.uid, project_uid=self.project.uid),
        )


class AuditEventPage(ProjectPage):
    access_resource = "auditevents"
    access_verb = "get"
    section: ClassVar[str] = "audit"
    template_name = "promotions/audit_event.html"
    fragment_name = "promotions/_audit_event.html"

    def context(self) -> dict[str, Any]:
        sequence = min(int(self.kwargs["sequence"]), _LARGEST_NUMBER)
        event = event_numbered(self.tenant.uid, sequence)
        if event is None or event.project_uid != self.project.uid:
            raise Http404
        lines = _lines(event)
        more = max(0, len(lines) - _MOST_LINES)
        return self.frame(row=EventRow(event, lines[:_MOST_LINES], more))


def _row(event: AuditEvent) -> EventRow:
    lines = _lines(event)
    return EventRow(event, lines[:_SHOWN_LINES], max(0, len(lines) - _SHOWN_LINES))


def _lines(event: AuditEvent) -> list[DiffLine]:
    """Return how ``after`` differs from ``before``, as lines of YAML."""
    before, after = _yaml(event.before), _yaml(event.after)
    return list(_difference(before[:_MOST_LINES], after[:_MOST_LINES]))


def _difference(before: list[str], after: list[str]) -> Iterator[DiffLine]:
    differences = difflib.unified_diff(before, after, n=_CONTEXT, lineterm="")
    for number, line in enumerate(differences):
        if line.startswith("@@"):
            if number > 2:  # noqa: PLR2004 - after the two lines that name the sides
                yield DiffLine("place", "⋯")
        elif number > 1:
            kind = {"+": "added", "-": "removed"}.get(line[:1], "")
            yield DiffLine(kind, line)


def _yaml(facts: Mapping[str, Any] | None) -> list[str]:
    if not facts:
        return []
    text = yaml.dump(
        dict(facts), Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=True, width=10**6
    )
    return str(text).splitlines()


def _day(text: str) -> datetime | None:
    """Return when a day begins; what is none is not looked for."""
    try:
        return datetime.combine(datetime.fromisoformat(text).date(), time.min, tzinfo=UTC)
    except ValueError:
        return None


def _number(text: str) -> int | None:
    is_one = text.isascii() and text.isdigit() and len(text) <= len(str(_LARGEST_NUMBER))
    return min(int(text), _LARGEST_NUMBER) if is_one else None
