"""Notes that a canary is about to be started, so that one that was started is found again."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from promotions.engine.analysis.measurements import Measurement, MetricResult
from promotions.engine.analysis.providers import job, kayenta
from promotions.engine.analysis.tasks import Task, TaskKind
from promotions.models import AnalysisRun
from promotions.ports.metrics import Order
from promotions.reconcilers.leases import Lease
from promotions.services.analysis_progress import begin_job, store_job

_STARTED = "Started"


@dataclass(slots=True)
class Canaries:
    """The canaries that one pass over a run starts.

    Attributes:
        marks: Those of canaries that were set out to be started, by their metrics' names.
        outcomes: What came of that, by their marks.
    """

    run: AnalysisRun
    lease: Lease
    marks: dict[str, str] = field(default_factory=dict)
    outcomes: dict[str, str] = field(default_factory=dict)

    def noted(self, order: Order, result: MetricResult | None, *, now: datetime) -> Order:
        """Return the order, with a mark if it starts a canary; stores the intent before."""
        metric = order.task.metric
        if kayenta.KIND not in metric.provider or order.task.kind is not TaskKind.MEASURE:
            return order
        ordinal = job.ordinal_of(result)
        mark = job.job_name(str(self.run.uid), metric.name, ordinal)
        with self.lease.transaction():
            is_new = begin_job(self.run, metric.name, ordinal, name=mark, now=now)
        self.marks[metric.name] = mark
        return replace(order, mark=mark, is_again=not is_new)

    def saw(self, task: Task, measurement: Measurement) -> None:
        """Take note of what came of a task, if that was to start a canary."""
        mark = self.marks.get(task.metric.name)
        if mark is not None:
            phase = measurement.phase
            self.outcomes[mark] = phase.value if phase.is_completed else _STARTED

    def store(self, *, now: datetime) -> None:
        """Store what came of the canaries; call it in the transaction of the pass."""
        for mark, outcome in self.outcomes.items():
            store_job(self.run, mark, outcome=outcome, now=now)
