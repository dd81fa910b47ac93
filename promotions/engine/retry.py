"""How often a step may fail, how long it may take, and when it is asked again.

Source: Kargo ``api/v1alpha1`` PromotionStepRetry, ``pkg/controller/promotions`` and the
Kubernetes work queue's ItemExponentialFailureRateLimiter.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from promotions.engine.runner import StepRunner

BACKOFF_BASE = timedelta(seconds=1)
BACKOFF_CEILING = timedelta(minutes=5)
POLL_DEFAULT = timedelta(minutes=5)
POLL_FLOOR = timedelta(seconds=10)
_NONE = timedelta(0)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """What a step's author set; unset parts fall back to the runner's.

    Attributes:
        timeout: ``None`` is unset; zero or less is no limit.
        error_threshold: Zero or less is unset.
    """

    timeout: timedelta | None = None
    error_threshold: int = 0


def error_threshold(policy: RetryPolicy, runner: StepRunner) -> int:
    """Return how many consecutive errors end the step; at least one."""
    if policy.error_threshold > 0:
        return policy.error_threshold
    return max(runner.default_error_threshold, 1)


def time_limit(policy: RetryPolicy, runner: StepRunner) -> timedelta | None:
    """Return how long the step may take since it first started; ``None`` is no limit."""
    limit = runner.default_timeout if policy.timeout is None else policy.timeout
    return limit if limit is not None and limit > _NONE else None


def backoff(failures: int) -> timedelta:
    """Return how long to wait after the given number of consecutive failures.

    One second after the first, doubling, five minutes at most.

    Raises:
        ValueError: ``failures`` is less than one.
    """
    if failures < 1:
        raise ValueError("nothing has failed, so there is nothing to wait for")
    doublings = min(failures - 1, 16)
    return min(BACKOFF_BASE * (1 << doublings), BACKOFF_CEILING)


def poll_delay(
    suggested: timedelta | None,
    *,
    started_at: datetime | None,
    limit: timedelta | None,
    now: datetime,
) -> timedelta:
    """Return when to ask a Running step again.

    The step's suggestion, at least ten seconds; five minutes without one; in any case no later
    than the moment its time is up.
    """
    delay = POLL_DEFAULT if suggested is None else max(suggested, POLL_FLOOR)
    if started_at is None or limit is None:
        return delay
    remaining = started_at + limit - now
    return max(min(delay, remaining), _NONE)
