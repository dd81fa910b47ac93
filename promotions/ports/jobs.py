"""What runs the jobs that measure metrics."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from promotions.engine.analysis.providers.job import JobPlan, JobState


@dataclass(frozen=True, slots=True)
class JobReport:
    """What was observed of a job.

    Attributes:
        logs: What it printed so far, by container; at most a mebibyte.
    """

    state: JobState
    logs: Mapping[str, str] = field(default_factory=dict, repr=False)


class JobExecutor(Protocol):
    """Runs jobs; safe to share by threads."""

    def start(
        self, job: JobPlan, *, is_again: bool, is_unwanted: Callable[[], bool]
    ) -> JobReport | None:
        """Start a job.

        Args:
            job: What to run.
            is_again: A worker that was lost had set out to start it, and may have: one that is
                there is taken for it, and none is started twice.
            is_unwanted: Asked now and then by an executor that stays with the job.

        Returns:
            How it stands, if that is known already.

        Raises:
            InvalidError: The job asks for what cannot be done here.
            UpstreamError: It could not be started.
        """
        ...

    def look(self, name: str, *, namespace: str) -> JobReport | None:
        """Return how a job stands; ``None`` is one that is gone.

        Raises:
            UpstreamError: Nobody could say.
        """
        ...

    def cancel(self, name: str, *, namespace: str) -> None:
        """Stop and remove a job; one that is gone is fine.

        Raises:
            UpstreamError: It could not be removed.
        """
        ...
