"""Adds what was done to a tenant's audit chain."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from rbac.actors import Actor
from rbac.audit.facts import kept_facts, kept_text
from rbac.audit.links import link_hash, sign_checkpoint, sign_head
from rbac.models import AuditChain, AuditCheckpoint, AuditEvent

_CHECKPOINT_EVERY = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What was done to what.

    Attributes:
        reason: Why; the actor's own reason when empty.
        before: What it was; secrets are masked and giants left out on the way in.
        after: What it is.
    """

    action: str
    kind: str
    tenant_uid: UUID
    project_uid: UUID | None = None
    object_uid: UUID | None = None
    object_name: str = ""
    reason: str = ""
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None


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


def take_turn(tenant_uid: UUID) -> None:
    """Wait until nobody else adds to the tenant's chain, and let nobody until commit.

    For what must be decided before it is recorded, by one writer of a tenant at a time.
    """
    chain = _locked_chain(tenant_uid)
    if not chain.length and not chain.signature:  # it may stay without a link for now
        chain.signature = sign_head(chain)
        chain.save(update_fields=["signature"])


def _append(chain: AuditChain, act: Act, *, uid: UUID, actor: Actor, at: datetime) -> AuditEvent:
    event = AuditEvent(
        uid=uid,
        tenant_uid=act.tenant_uid,
        sequence=chain.length + 1,
        at=at.astimezone(UTC),
        actor=_fitting(actor.name),
        address=_fitting(actor.address, length=64),
        action=_fitting(act.action, length=64),
        project_uid=act.project_uid,
        kind=_fitting(act.kind, length=64),
        object_uid=act.object_uid,
        object_name=_fitting(act.object_name),
        reason=kept_text(act.reason or actor.reason),
        before=kept_facts(act.before),
        after=kept_facts(act.after),
        previous_hash=chain.head,
    )
    event.hash = link_hash(event)
    event.save(force_insert=True)
    chain.length, chain.head = event.sequence, event.hash
    chain.signature = sign_head(chain)
    chain.save(update_fields=["length", "head", "signature"])
    if chain.length % _CHECKPOINT_EVERY == 1:
        keep_checkpoint(chain, at=event.at)
    return event


def keep_checkpoint(chain: AuditChain, *, at: datetime) -> AuditCheckpoint:
    """Store, signed, how long the chain is now and where it ends."""
    checkpoint = AuditCheckpoint(
        tenant_uid=chain.tenant_uid, length=chain.length, head=chain.head, at=at.astimezone(UTC)
    )
    checkpoint.signature = sign_checkpoint(checkpoint)
    checkpoint.save(force_insert=True)
    return checkpoint


def _locked_chain(tenant_uid: UUID) -> AuditChain:
    chain = AuditChain.objects.select_for_update().filter(tenant_uid=tenant_uid).first()
    if chain is None:  # the tenant's first act; somebody else's may come first
        AuditChain.objects.get_or_create(tenant_uid=tenant_uid)
        chain = AuditChain.objects.select_for_update().get(tenant_uid=tenant_uid)
    return chain


def _fitting(text: str, *, length: int = 253) -> str:
    return kept_text(text)[:length]
