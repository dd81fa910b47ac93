"""The job controller: jobs end as a test wants, with a pod each and its log."""

from dataclasses import dataclass, field

from tests.fakes.argocd.clock import VirtualClock
from tests.fakes.argocd.store import JOBS, PODS, Change, Document, Key, Store


@dataclass(frozen=True)
class JobOutcome:
    """How a job ends: after how long, whether well, and what its pod says."""

    seconds: float = 5
    is_good: bool = True
    log: str = ""
    reason: str = "BackoffLimitExceeded"
    message: str = "Job has reached the specified backoff limit"


@dataclass
class JobController:
    """Runs jobs. ``outcomes`` are for the next ones; a job without one ends well.

    Attributes:
        logs: By pod.
    """

    store: Store
    clock: VirtualClock
    logs: dict[str, str] = field(default_factory=dict)
    outcomes: list[JobOutcome] = field(default_factory=list)

    def observe(self, change: Change) -> None:
        """React to a change, as it is made."""
        if change.key.kind != JOBS or change.type != "ADDED":
            return
        outcome = self.outcomes.pop(0) if self.outcomes else JobOutcome()
        self.clock.call_in(1, lambda: self._start(change.key))
        self.clock.call_in(outcome.seconds, lambda: self._end(change.key, outcome))

    def _start(self, key: Key) -> None:
        job = self.store.find(*key)
        if job is None:
            return
        pod = f"{key.name}-x7k2p"
        labels = {"job-name": key.name, "batch.kubernetes.io/job-name": key.name}
        self.store.add(
            PODS,
            {
                "metadata": {"name": pod, "namespace": key.namespace, "labels": labels},
                "spec": job["spec"].get("template", {}).get("spec", {}),
                "status": {"phase": "Running"},
            },
        )

        def edit(live: Document) -> None:
            live["status"] = {"active": 1, "startTime": self.clock.stamp()}

        self.store.change(key, edit)

    def _end(self, key: Key, outcome: JobOutcome) -> None:
        if self.store.find(*key) is None:
            return
        stamp = self.clock.stamp()
        self.logs[f"{key.name}-x7k2p"] = outcome.log

        def edit(live: Document) -> None:
            status = {
                key: value for key, value in live.get("status", {}).items() if key != "active"
            }
            kind = "Complete" if outcome.is_good else "Failed"
            condition = {"type": kind, "status": "True", "lastTransitionTime": stamp}
            if not outcome.is_good:
                condition |= {"reason": outcome.reason, "message": outcome.message}
            count = {"succeeded": 1} if outcome.is_good else {"failed": 1}
            ended = {"completionTime": stamp} if outcome.is_good else {}
            live["status"] = {**status, **count, **ended, "conditions": [condition]}

        self.store.change(key, edit)
