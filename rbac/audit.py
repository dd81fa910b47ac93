"""Adds links to a tenant's audit chain, and checks the chain."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
from django.db import transaction

from rbac.actors import Actor
from rbac.models import AuditChain, AuditEvent

PLATFORM = UUID(int=0)
"""The chain of acts that belong to no tenant, such as making an operator."""


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
    with transaction.atomic(savepoint=False):
        chain = _locked_chain(act.tenant_uid)
        return _append(chain, act, uid=uuid4(), actor=actor, at=at)


def record_once(act: Act, *, uid: UUID, actor: Actor, at: datetime) -> AuditEvent:
    """As :func:`record`, or return the event of this ``uid`` if the chain has it already."""
    with transaction.atomic(savepoint=False):
        chain = _locked_chain(act.tenant_uid)
        known = AuditEvent.objects.filter(tenant_uid=act.tenant_uid, uid=uid).first()
        return known or _append(chain, act, uid=uid, actor=actor, at=at)


def _append(chain: AuditChain, act: Act, *, uid: UUID, actor: Actor, at: datetime) -> AuditEvent:
    event = AuditEvent(
        uid=uid,
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


def _locked_chain(tenant_uid: UUID) -> AuditChain:
    chain = AuditChain.objects.select_for_update().filter(tenant_uid=tenant_uid).first()
    if chain is None:  # the tenant's first act; somebody else's may come first
        AuditChain.objects.get_or_create(tenant_uid=tenant_uid)
        chain = AuditChain.objects.select_for_update().get(tenant_uid=tenant_uid)
    return chain


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


@dataclass(frozen=True, slots=True)
class BrokenLink:
    """Where a chain stops being believable, and why."""

    tenant_uid: UUID
    sequence: int
    reason: str


def first_broken_link(tenant_uid: UUID) -> BrokenLink | None:
    """Return the first link of a tenant's chain that was altered, removed or added, if any."""
    expected, previous = 1, ""
    for event in AuditEvent.objects.filter(tenant_uid=tenant_uid).order_by("sequence").iterator():
        reason = _flaw(event, expected=expected, previous=previous)
        if reason:
            return BrokenLink(tenant_uid, min(event.sequence, expected), reason)
        expected, previous = expected + 1, event.hash
    chain = AuditChain.objects.filter(tenant_uid=tenant_uid).first()
    length, head = (chain.length, chain.head) if chain else (0, "")
    if (length, head) == (expected - 1, previous):
        return None
    return BrokenLink(tenant_uid, expected, f"the chain should have {length} links ending here")


def _flaw(event: AuditEvent, *, expected: int, previous: str) -> str:
    if event.sequence != expected:
        return "this link is missing"
    if event.previous_hash != previous:
        return "it does not follow the link before it"
    if event.hash != link_hash(event):
        return "what it says was altered"
    return ""
