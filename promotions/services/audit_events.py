"""Writes events that promotion steps record into the audit log."""

from dataclasses import dataclass, replace
from uuid import UUID, uuid5

from common.clock import now as read_clock
from common.errors import NotFoundError
from common.redaction import redact
from promotions.ports.audit import RecordedEvent
from promotions.ports.origin import StepOrigin
from promotions.services.step_stores import actor_of, promotion_of, stored
from rbac import audit

KIND = "RecordedEvent"
"""What the audit log calls these: whatever type and actor their authors chose for them, nobody
takes one for an act of the platform."""

_EVENTS = UUID("0a3c1f0e-3f0a-4c8e-9d53-8f5f6f3d1b77")


@dataclass(frozen=True, slots=True)
class DatabaseAuditLog:
    """:class:`~promotions.ports.audit.AuditLog` in the tenant's audit chain."""

    def record(self, origin: StepOrigin, event: RecordedEvent) -> None:
        """Record an event, once for each step of a promotion."""
        with stored():
            promotion = promotion_of(origin)
            if promotion is None:
                raise NotFoundError("The promotion is gone; nothing was recorded.")
            asker = actor_of(promotion)
            act = audit.Act(
                action=redact(event.type),
                kind=KIND,
                tenant_uid=promotion.project.tenant.uid,
                project_uid=promotion.project.uid,
                object_uid=promotion.uid,
                object_name=promotion.name,
                reason=redact(event.message),
                after={
                    "recordedBy": asker.name,
                    "step": origin.alias,
                    "data": {redact(key): redact(value) for key, value in event.data.items()},
                },
            )
            uid = uuid5(_EVENTS, f"{promotion.uid}/{origin.alias}")
            actor = replace(asker, name=redact(event.actor)) if event.actor else asker
            audit.record_once(act, uid=uid, actor=actor, at=read_clock())
