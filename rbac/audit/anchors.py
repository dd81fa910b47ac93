"""Checks chains against what was kept of them elsewhere: checkpoints, and exported events."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO
from uuid import UUID

from django.db import transaction

from common.errors import InvalidError
from rbac.audit.acts import keep_checkpoint
from rbac.audit.documents import checkpoint_from, event_from
from rbac.audit.links import is_checkpoint_signed
from rbac.audit.verification import BrokenLink, Walk
from rbac.models import AuditChain, AuditCheckpoint, AuditEvent

MAX_LINE_BYTES = 4 * 1024 * 1024

Anchors = Mapping[UUID, Iterable[AuditCheckpoint]]


@dataclass(slots=True)
class Finding:
    """What was found of one chain in a file: its links from ``first`` to ``last``."""

    tenant_uid: UUID
    first: int = 0
    last: int = 0
    broken: BrokenLink | None = None


@transaction.atomic
def checkpoint_now(tenant_uid: UUID, *, at: datetime) -> AuditCheckpoint | None:
    """Sign how long a chain is and where it ends; ``None`` if it has no link.

    Only of a chain that was found intact: this vouches for it.
    """
    chain = AuditChain.objects.select_for_update().filter(tenant_uid=tenant_uid).first()
    if chain is None or not chain.length:
        return None
    return keep_checkpoint(chain, at=at)


def anchors_in(lines: BinaryIO) -> dict[UUID, list[AuditCheckpoint]]:
    """Return the checkpoints in a file, one a line, by tenant.

    Raises:
        InvalidError: A line is something else.
    """
    found: dict[UUID, list[AuditCheckpoint]] = {}
    for number, document in _documents(lines):
        checkpoint = _on_line(number, checkpoint_from, document)
        found.setdefault(checkpoint.tenant_uid, []).append(checkpoint)
    return found


def check_export(lines: BinaryIO, *, anchors: Anchors, only: UUID | None = None) -> list[Finding]:
    """Return what is in a file of exported events, by tenant, and the first broken link of each.

    A line is in memory at a time. A file may hold a stretch of a chain: what was cut off before or
    after it shows only against ``anchors``.

    Raises:
        InvalidError: A line is no event.
    """
    walks: dict[UUID, Walk] = {}
    findings: dict[UUID, Finding] = {}
    heads = {(it.tenant_uid, it.length): it for marks in anchors.values() for it in marks}
    for number, document in _documents(lines):
        event = _on_line(number, event_from, document)
        tenant_uid = event.tenant_uid
        if only is not None and tenant_uid != only:
            continue
        finding = findings.setdefault(tenant_uid, Finding(tenant_uid, first=event.sequence))
        if finding.broken is None:
            walk = walks.setdefault(tenant_uid, Walk(tenant_uid, is_partial=True))
            finding.broken = walk.take(event) or _promise(heads, event)
            finding.last = walk.length
    for tenant_uid, finding in findings.items():
        finding.broken = finding.broken or _end(anchors.get(tenant_uid, ()), finding)
    return list(findings.values())


def _promise(
    heads: Mapping[tuple[UUID, int], AuditCheckpoint], event: AuditEvent
) -> BrokenLink | None:
    anchor = heads.get((event.tenant_uid, event.sequence))
    if anchor is None:
        return None
    if not is_checkpoint_signed(anchor):
        reason = "the checkpoint was not signed by this platform"
        return BrokenLink(event.tenant_uid, event.sequence, reason)
    if anchor.head != event.hash:
        reason = "links up to this one are not those that were signed"
        return BrokenLink(event.tenant_uid, event.sequence, reason)
    return None


def _end(anchors: Iterable[AuditCheckpoint], finding: Finding) -> BrokenLink | None:
    longest = max((it.length for it in anchors), default=0)
    if longest <= finding.last:
        return None
    reason = f"the file ends before this link, and {longest} were signed"
    return BrokenLink(finding.tenant_uid, finding.last + 1, reason)


def _documents(lines: BinaryIO) -> Iterable[tuple[int, Any]]:
    number = 0
    while line := lines.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(line) > MAX_LINE_BYTES:
            raise InvalidError(f"Line {number} is longer than {MAX_LINE_BYTES} bytes.")
        if line.strip():
            yield number, _parsed(number, line)


def _parsed(number: int, line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InvalidError(f"Line {number} is not JSON: {error}") from error


def _on_line(number: int, read: Any, document: Any) -> Any:
    try:
        return read(document)
    except InvalidError as error:
        raise InvalidError(f"Line {number}: {error.message}") from error
