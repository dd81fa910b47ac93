"""The audit: what was done, in a chain for each tenant that shows when it was tampered with."""

from rbac.audit.acts import Act, record, record_once, take_turn
from rbac.audit.verification import BrokenLink, first_broken_link
from rbac.models.audit_event import PLATFORM

__all__ = [
    "PLATFORM",
    "Act",
    "BrokenLink",
    "first_broken_link",
    "record",
    "record_once",
    "take_turn",
]
