"""Follows chains link by link and says where they stop being believable."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from rbac.audit.links import is_checkpoint_signed, is_head_signed, link_hash
from rbac.models import AuditChain, AuditCheckpoint, AuditEvent
from rbac.selectors.audit import BATCH, in_sequence


@dataclass(frozen=True, slots=True)
class BrokenLink:
    """Where a chain stops being believable, and why."""

    tenant_uid: UUID
    sequence: int
    reason: str


@dataclass(slots=True)
class Walk:
    """Goes along one chain; ``length`` links were fine so far, and the last one's hash is ``head``.

    ``is_partial`` is for what was exported of a chain: any link may be the first.
    """

    tenant_uid: UUID
    length: int = 0
    head: str = ""
    is_partial: bool = False

    def take(self, event: AuditEvent) -> BrokenLink | None:
        """Go on to the next link, or say what is wrong with it."""
        if self.is_partial:
            self.length, self.head, self.is_partial = event.sequence - 1, event.previous_hash, False
        reason = self._flaw(event)
        if reason:
            return BrokenLink(self.tenant_uid, min(event.sequence, self.length + 1), reason)
        self.length, self.head = event.sequence, event.hash
        return None

    def _flaw(self, event: AuditEvent) -> str:
        if event.sequence <= self.length:
            return "this link was put in"
        if event.sequence != self.length + 1:
            return "this link is missing"
        if event.previous_hash != self.head:
            return "it does not follow the link before it"
        if event.hash != link_hash(event):
            return "what it says was altered"
        return ""


def first_broken_link(tenant_uid: UUID) -> BrokenLink | None:
    """Return the first link of a tenant's chain that was altered, removed or added, if any.

    Others may write to the chain meanwhile. A few hundred links are in memory at once.
    """
    walk = Walk(tenant_uid)
    rows = AuditEvent.objects.filter(tenant_uid=tenant_uid)
    while True:
        chain = AuditChain.objects.filter(tenant_uid=tenant_uid).first()
        broken = _follow(walk, chain)
        if broken is not None:
            return broken
        if not rows.filter(sequence__gt=walk.length).exists():
            return _missing_checkpoint(walk)
        if not AuditChain.objects.filter(tenant_uid=tenant_uid, length__gt=walk.length).exists():
            return BrokenLink(tenant_uid, walk.length + 1, "the chain ends before this link")


def broken_promise(checkpoint: AuditCheckpoint) -> BrokenLink | None:
    """Return the link where a chain differs from a checkpoint that was kept elsewhere, if it does.

    Believable links before it are those that :func:`first_broken_link` finds nothing wrong with.
    """
    tenant_uid, length = checkpoint.tenant_uid, checkpoint.length
    if not is_checkpoint_signed(checkpoint):
        return BrokenLink(tenant_uid, length, "the checkpoint was not signed by this platform")
    event = AuditEvent.objects.filter(tenant_uid=tenant_uid, sequence=length).first()
    if event is None:
        last = AuditEvent.objects.filter(tenant_uid=tenant_uid).order_by("-sequence").first()
        first_missing = last.sequence + 1 if last and last.sequence < length else length
        return BrokenLink(tenant_uid, first_missing, _cut_off(checkpoint))
    if event.hash != checkpoint.head:
        return BrokenLink(tenant_uid, length, _differs(checkpoint))
    return None


def _follow(walk: Walk, chain: AuditChain | None) -> BrokenLink | None:
    """Walk up to the chain's end, comparing it with what is signed of it on the way."""
    length, head = (chain.length, chain.head) if chain else (0, "")
    rows = AuditEvent.objects.filter(tenant_uid=walk.tenant_uid)
    marks: dict[int, list[AuditCheckpoint]] = {}
    marked_to = walk.length
    for event in in_sequence(rows, after=walk.length or None, to=length):
        if event.sequence > marked_to:
            marks = _checkpoints(walk.tenant_uid, first=event.sequence)
            marked_to = event.sequence + BATCH - 1
        broken = walk.take(event) or _mismatch(marks.get(event.sequence, []), event)
        if broken is not None:
            return broken
    if (walk.length, walk.head) != (length, head):
        reason = f"the chain should have {length} links ending here"
        return BrokenLink(walk.tenant_uid, walk.length + 1, reason)
    if chain is not None and not is_head_signed(chain):
        reason = "the chain's end was not signed by this platform: links were cut off or made anew"
        return BrokenLink(walk.tenant_uid, walk.length + 1, reason)
    return None


def _checkpoints(tenant_uid: UUID, *, first: int) -> dict[int, list[AuditCheckpoint]]:
    rows = AuditCheckpoint.objects.filter(
        tenant_uid=tenant_uid, length__gte=first, length__lt=first + BATCH
    )
    found: dict[int, list[AuditCheckpoint]] = {}
    for row in rows.order_by("length", "pk"):
        found.setdefault(row.length, []).append(row)
    return found


def _mismatch(checkpoints: Iterable[AuditCheckpoint], event: AuditEvent) -> BrokenLink | None:
    for checkpoint in checkpoints:
        if not is_checkpoint_signed(checkpoint):
            reason = "a checkpoint here was not signed by this platform"
            return BrokenLink(event.tenant_uid, event.sequence, reason)
        if checkpoint.head != event.hash:
            return BrokenLink(event.tenant_uid, event.sequence, _differs(checkpoint))
    return None


def _missing_checkpoint(walk: Walk) -> BrokenLink | None:
    """Return the end of a chain that is shorter than it was signed to be once."""
    rows = AuditCheckpoint.objects.filter(tenant_uid=walk.tenant_uid, length__gt=walk.length)
    for checkpoint in rows.order_by("-length", "pk")[:BATCH]:
        if is_checkpoint_signed(checkpoint):
            return BrokenLink(walk.tenant_uid, walk.length + 1, _cut_off(checkpoint))
    return None


def _cut_off(checkpoint: AuditCheckpoint) -> str:
    when = checkpoint.at.strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"links were cut off: the chain had {checkpoint.length} on {when}"


def _differs(checkpoint: AuditCheckpoint) -> str:
    when = checkpoint.at.strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"links up to this one were made anew: it was another one on {when}"
