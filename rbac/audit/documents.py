"""Writes events and checkpoints as JSON, and reads them back to check them elsewhere."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from common.errors import InvalidError
from rbac.models import AuditCheckpoint, AuditEvent


def event_document(event: AuditEvent) -> dict[str, Any]:
    """Return an event as exports and the API show it, with all that its hash is taken of."""
    return {
        "uid": str(event.uid),
        "tenantUid": str(event.tenant_uid),
        "sequence": event.sequence,
        "at": event.at.astimezone(UTC).isoformat(),
        "actor": event.actor,
        "address": event.address,
        "action": event.action,
        "projectUid": _text(event.project_uid),
        "kind": event.kind,
        "objectUid": _text(event.object_uid),
        "objectName": event.object_name,
        "reason": event.reason,
        "before": event.before,
        "after": event.after,
        "previousHash": event.previous_hash,
        "hash": event.hash,
    }


def event_line(event: AuditEvent) -> bytes:
    """Return an event as a line of JSON Lines."""
    text = json.dumps(event_document(event), ensure_ascii=False, separators=(",", ":"))
    return text.encode(errors="replace") + b"\n"


def event_from(document: Mapping[str, Any]) -> AuditEvent:
    """Return the event that a document was made of; it is not stored.

    Raises:
        InvalidError: It was made of something else.
    """
    try:
        return AuditEvent(
            uid=UUID(document["uid"]),
            tenant_uid=UUID(document["tenantUid"]),
            sequence=int(document["sequence"]),
            at=_time(document["at"]),
            actor=document["actor"],
            address=document["address"],
            action=document["action"],
            project_uid=_uid(document["projectUid"]),
            kind=document["kind"],
            object_uid=_uid(document["objectUid"]),
            object_name=document["objectName"],
            reason=document["reason"],
            before=document["before"],
            after=document["after"],
            previous_hash=document["previousHash"],
            hash=document["hash"],
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InvalidError("It is not an exported audit event.") from error


def checkpoint_document(checkpoint: AuditCheckpoint) -> dict[str, Any]:
    """Return a checkpoint as it is kept elsewhere."""
    return {
        "tenantUid": str(checkpoint.tenant_uid),
        "length": checkpoint.length,
        "head": checkpoint.head,
        "at": checkpoint.at.astimezone(UTC).isoformat(),
        "signature": checkpoint.signature,
    }


def checkpoint_from(document: Mapping[str, Any]) -> AuditCheckpoint:
    """Return the checkpoint that a document was made of; it is not stored.

    Raises:
        InvalidError: It was made of something else.
    """
    try:
        return AuditCheckpoint(
            tenant_uid=UUID(document["tenantUid"]),
            length=int(document["length"]),
            head=str(document["head"]),
            at=_time(document["at"]),
            signature=str(document["signature"]),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InvalidError("It is not a checkpoint of an audit chain.") from error


def _text(uid: UUID | None) -> str | None:
    return None if uid is None else str(uid)


def _uid(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)


def _time(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found
