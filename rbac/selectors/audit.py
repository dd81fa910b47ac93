"""Reads the audit: which chains there are, what is in them, a page or all of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Max, Min, QuerySet

from rbac.models import AuditChain, AuditCheckpoint, AuditEvent

BATCH = 200
"""How many events are held in memory at once."""
_RECENT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which events of a tenant are looked for; what is empty does not matter.

    Attributes:
        actor: As the audit calls them, or just an e-mail address or a user name.
        object: A name or a uid.
    """

    tenant_uid: UUID
    project_uid: UUID | None = None
    actor: str = ""
    action: str = ""
    kind: str = ""
    object: str = ""
    since: datetime | None = None
    until: datetime | None = None


def audit_tenants() -> list[UUID]:
    """Return the uid of every audit chain: one a tenant, and the platform's own.

    A chain of which only the events, or only what was signed of it, are left is one too.
    """
    found = set(AuditChain.objects.values_list("tenant_uid", flat=True))
    found.update(AuditCheckpoint.objects.values_list("tenant_uid", flat=True).distinct())
    return sorted(found | set(_tenants_with_events()))


def audit_events(wanted: AuditFilter) -> QuerySet[AuditEvent]:
    """Return the events that fit, in no order."""
    rows = _between(wanted)
    if wanted.actor:
        rows = rows.filter(actor__in=_names_there(wanted))
    columns = {
        "project_uid": wanted.project_uid,
        "action": wanted.action,
        "kind": wanted.kind,
        **_object(wanted.object),
    }
    return rows.filter(**{name: value for name, value in columns.items() if value})


def newest_events(
    wanted: AuditFilter, *, before: int | None, limit: int
) -> tuple[list[AuditEvent], int | None]:
    """Return the newest events that fit, from before ``before`` on if given, and where older are.

    That is a sequence number to give as ``before``; ``None`` if there are none.
    """
    rows = audit_events(wanted)
    if before is not None:
        rows = rows.filter(sequence__lt=before)
    page = list(rows.order_by("-sequence")[: limit + 1])
    return page[:limit], page[limit - 1].sequence if len(page) > limit else None


def event_numbered(tenant_uid: UUID, sequence: int) -> AuditEvent | None:
    """Return one event of a chain."""
    return AuditEvent.objects.filter(tenant_uid=tenant_uid, sequence=sequence).first()


def known_words(*, tenant_uid: UUID, project_uid: UUID) -> dict[str, list[str]]:
    """Return who did what lately, to offer when people search: ``actors`` and ``actions``."""
    wanted = AuditFilter(tenant_uid=tenant_uid, project_uid=project_uid)
    recent = audit_events(wanted).order_by("-sequence").values_list("actor", "action")[:_RECENT]
    actors, actions = {actor for actor, _ in recent}, {action for _, action in recent}
    return {"actors": sorted(actors), "actions": sorted(actions)}


def in_sequence(
    rows: QuerySet[AuditEvent], *, after: int | None = None, to: int | None = None
) -> Iterator[AuditEvent]:
    """Yield events of one chain, oldest first, a batch in memory at a time."""
    if to is not None:
        rows = rows.filter(sequence__lte=to)
    ordered = rows.order_by("sequence", "pk")
    while True:
        batch = list((ordered if after is None else ordered.filter(sequence__gt=after))[:BATCH])
        yield from batch
        if len(batch) < BATCH:
            return
        after = batch[-1].sequence


def stretch_of(
    tenant_uid: UUID, *, since: datetime | None, until: datetime | None
) -> tuple[int | None, int | None]:
    """Return the numbers between which all events of a time are: after the one, up to the other.

    Clocks differ, so that a later link may be of an earlier time; it is within the stretch.
    """
    rows = AuditEvent.objects.filter(tenant_uid=tenant_uid)
    after = to = None
    if since is not None:
        first = rows.filter(at__gte=since).aggregate(it=Min("sequence"))["it"]
        after = _newest(rows) if first is None else first - 1
    if until is not None:
        to = rows.filter(at__lte=until).aggregate(it=Max("sequence"))["it"] or 0
    return after, to


def _between(wanted: AuditFilter) -> QuerySet[AuditEvent]:
    """Return a tenant's events of some time, by their numbers if those tell.

    Then the index that the rest is looked for in gives them in order; with the times themselves, a
    database without statistics would read and sort all of a year.
    """
    rows = AuditEvent.objects.filter(tenant_uid=wanted.tenant_uid)
    newest = _newest(rows)
    after, to = stretch_of(wanted.tenant_uid, since=wanted.since, until=wanted.until)
    found = rows
    if wanted.since is not None:
        found = found.filter(sequence__gt=after)
        if rows.filter(at__gte=wanted.since).count() != newest - (after or 0):
            found = found.filter(at__gte=wanted.since)
    if wanted.until is not None:
        found = found.filter(sequence__lte=to)
        if rows.filter(at__lte=wanted.until).count() != to:
            found = found.filter(at__lte=wanted.until)
    return found


def _newest(rows: QuerySet[AuditEvent]) -> int:
    number: int | None = rows.aggregate(it=Max("sequence"))["it"]
    return number or 0


def _names_there(wanted: AuditFilter) -> list[str]:
    """Return what the audit calls somebody, as far as it does: one name is found in its index."""
    rows = AuditEvent.objects.filter(tenant_uid=wanted.tenant_uid)
    names = names_of_actor(wanted.actor)
    return [name for name in names if rows.filter(actor=name).exists()]


def _tenants_with_events() -> Iterator[UUID]:
    """Yield each tenant by one look into the index, however many events there are."""
    rows = AuditEvent.objects.order_by("tenant_uid").values_list("tenant_uid", flat=True)
    found = rows.first()
    while found is not None:
        yield found
        found = rows.filter(tenant_uid__gt=found).first()


def names_of_actor(actor: str) -> list[str]:
    """Return what the audit may call somebody.

    Source: Kargo ``api/v1alpha1`` FormatEventUserActor: ``email:``, else ``subject:``.
    """
    if not actor or ":" in actor:
        return [actor] if actor else []
    return [actor, f"email:{actor}", f"subject:{actor}"]


def _object(text: str) -> dict[str, object]:
    try:
        return {"object_uid": UUID(text)}
    except ValueError:
        return {"object_name": text}
