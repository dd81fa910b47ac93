"""``GET audit-events`` and ``GET P/audit-events``."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from common.rest.requests import bad_request, count_of
from common.rest.streaming import stream
from projects.models import Tenant
from projects.rest import ProjectView, TenantView
from projects.selectors import project_named
from rbac.audit.documents import event_line
from rbac.selectors.audit import AuditFilter, audit_events, in_sequence, newest_events

NDJSON = "application/x-ndjson"
PAGE, LARGEST_PAGE = 100, 1000
_PIECE_BYTES = 64 * 1024


class ListAuditEvents(TenantView):
    """Of a whole tenant; ``project`` takes a name, or the uid of one that was deleted."""

    access_resource = "auditevents"
    access_verb = "list"

    def get(self, request: Request, **_: str) -> HttpResponseBase:
        query = request.query_params
        project_uid = _project_uid(self.tenant, query.get("project", ""))
        wanted = _filter(query, tenant_uid=self.tenant.uid, project_uid=project_uid)
        return _answer(request, wanted)


class ListProjectAuditEvents(ProjectView):
    access_resource = "auditevents"
    access_verb = "list"

    def get(self, request: Request, **_: str) -> HttpResponseBase:
        wanted = _filter(
            request.query_params, tenant_uid=self.tenant.uid, project_uid=self.project.uid
        )
        return _answer(request, wanted)


def _answer(request: Request, wanted: AuditFilter) -> HttpResponseBase:
    """Return a page, newest first, or all that fits, oldest first, as JSON Lines."""
    query = request.query_params
    if NDJSON in request.META.get("HTTP_ACCEPT", ""):
        rows = in_sequence(audit_events(wanted), after=count_of(query, "after"))
        lines = (event_line(event) for event in rows)
        return stream(request._request, _pieces(lines), content_type=NDJSON)  # noqa: SLF001 - the only way to know the server's interface
    limit = count_of(query, "limit") or PAGE
    if limit > LARGEST_PAGE:
        raise bad_request(f'"limit" is at most {LARGEST_PAGE}')
    before = count_of(query, "before") if query.get("before") else None
    events, older = newest_events(wanted, before=before, limit=limit)
    items = b",".join(event_line(event).rstrip() for event in events)
    cursor = b"null" if older is None else str(older).encode()
    return HttpResponse(
        b'{"items":[' + items + b'],"before":' + cursor + b"}", content_type="application/json"
    )


def _filter(query: QueryDict, *, tenant_uid: UUID, project_uid: UUID | None) -> AuditFilter:
    return AuditFilter(
        tenant_uid=tenant_uid,
        project_uid=project_uid,
        actor=query.get("actor", ""),
        action=query.get("action", ""),
        kind=query.get("kind", ""),
        object=query.get("object", ""),
        since=_time(query, "since"),
        until=_time(query, "until"),
    )


def _project_uid(tenant: Tenant, text: str) -> UUID | None:
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        return project_named(tenant, text).uid


def _time(query: QueryDict, key: str) -> datetime | None:
    text = query.get(key)
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise bad_request(f'"{key}" must be a time such as 2026-06-01T12:00:00Z') from error


def _pieces(lines: Iterator[bytes]) -> Iterator[bytes]:
    """Yield lines together, some dozens at a time."""
    piece = bytearray()
    for line in lines:
        piece += line
        if len(piece) >= _PIECE_BYTES:
            yield bytes(piece)
            piece.clear()
    if piece:
        yield bytes(piece)
