"""What an analysis run may ask of the sources of its metrics."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from promotions.engine.analysis.reconcile import Measured
from promotions.engine.analysis.tasks import Task


@dataclass(frozen=True, slots=True)
class Order:
    """One metric to be measured, resumed or stopped, with all that this takes.

    Attributes:
        task: Its metric is resolved, secrets included.
        now: When the pass began.
        credentials: Of the metric's provider.
        run_started_at: When the analysis run started, if it has.
        mark: Goes with work that lasts, so that it is found again; empty for none.
        is_again: A worker that was lost had set out to start the work, and may have.
    """

    task: Task = field(repr=False)
    now: datetime
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    run_started_at: datetime | None = None
    mark: str = ""
    is_again: bool = False


class MetricSources(Protocol):
    """Asks the sources of metrics; safe to share by threads."""

    def measure(self, order: Order) -> Measured:
        """Return what came of it; what goes wrong is a measurement in error, never raised."""
        ...
