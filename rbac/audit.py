"""Adds links to a tenant's audit chain."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction

from rbac.actors import Actor
from rbac.models import AuditChain, AuditEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What was done to what. ``before`` and ``after`` must hold no secrets."""

    action: str
    kind: str
    tenant_uid: UUID
    project_uid: UUID | None = None
    object_uid: UUID | None = None
    object_name: str = ""
    reason: str = ""
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = field(default=None)


def record(act: Act, *, actor: Actor, at: datetime) -> AuditEvent:
    """Append ``act`` to its tenant's chain, in the caller's transaction.

    Call it last in the transaction: it locks the tenant's chain until commit.
    """
    with transaction.atomic():
        AuditChain.objects.get_or_create(tenant_uid=act.tenant_uid)
        chain = AuditChain.objects.select_for_update().get(tenant_uid=act.tenant_uid)
        event = AuditEvent(
            tenant_uid=act.tenant_uid,
            sequence=chain.length + 1,
            at=at,
            actor=actor.name,
            address=actor.address,
            action=act.action,
            project_uid=act.project_uid,
            kind=act.kind,
            object_uid=act.object_uid,
            object_name=act.object_name,
            reason=act.reason,
            before=act.before,
            after=act.after,
            previous_hash=chain.head,
        )
        event.hash = link_hash(event)
        event.save(force_insert=True)
        chain.length, chain.head = event.sequence, event.hash
        chain.save(update_fields=["length", "head"])
    return event


def link_hash(event: AuditEvent) -> str:
    """Return the SHA-256 over everything an event says and the hash before it."""
    facts = [
        str(event.tenant_uid),
        event.sequence,
        event.at.isoformat(),
        event.actor,
        event.address,
        event.action,
        str(event.project_uid),
        event.kind,
        str(event.object_uid),
        event.object_name,
        event.reason,
        event.before,
        event.after,
        event.previous_hash,
    ]
    return hashlib.sha256(orjson.dumps(facts, option=orjson.OPT_SORT_KEYS)).hexdigest()
