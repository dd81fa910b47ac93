"""What a step may write into the audit log."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from promotions.ports.origin import StepOrigin


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event that a promotion's author chose to record.

    Attributes:
        actor: Whom it is attributed to; empty for whoever asked for the promotion.
    """

    type: str
    message: str
    actor: str = ""
    data: Mapping[str, str] = field(default_factory=dict)


class AuditLog(Protocol):
    """The tenant's append-only audit log."""

    def record(self, origin: StepOrigin, event: RecordedEvent) -> None:
        """Record an event, once for each step of a promotion however often it is called.

        Raises:
            NotFoundError: The promotion is gone.
            UpstreamError: The log cannot be reached (retryable).
        """
        ...
