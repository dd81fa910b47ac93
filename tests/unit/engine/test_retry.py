from datetime import UTC, datetime, timedelta

import pytest

from promotions.engine.retry import (
    RetryPolicy,
    backoff,
    error_threshold,
    poll_delay,
    time_limit,
)
from tests.fakes.steps import ScriptedStep

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("own", "default", "expected"), [(0, 0, 1), (0, 3, 3), (2, 3, 2), (-1, -1, 1)]
)
def test_the_threshold_is_the_steps_then_the_runners_then_one(
    own: int, default: int, expected: int
) -> None:
    runner = ScriptedStep(default_error_threshold=default)

    assert error_threshold(RetryPolicy(error_threshold=own), runner) == expected


@pytest.mark.parametrize(
    ("own", "default", "expected"),
    [
        (None, None, None),
        (None, MINUTE, MINUTE),
        (2 * MINUTE, MINUTE, 2 * MINUTE),
        (timedelta(0), MINUTE, None),
        (-MINUTE, None, None),
    ],
)
def test_the_limit_is_the_steps_then_the_runners_and_zero_is_none(
    own: timedelta | None, default: timedelta | None, expected: timedelta | None
) -> None:
    runner = ScriptedStep(default_timeout=default)

    assert time_limit(RetryPolicy(timeout=own), runner) == expected


@pytest.mark.parametrize(
    ("failures", "seconds"), [(1, 1), (2, 2), (3, 4), (9, 256), (10, 300), (10_000, 300)]
)
def test_backoff_doubles_from_one_second_to_five_minutes(failures: int, seconds: int) -> None:
    assert backoff(failures) == timedelta(seconds=seconds)


def test_there_is_no_backoff_before_a_failure() -> None:
    with pytest.raises(ValueError, match="nothing has failed"):
        backoff(0)


@pytest.mark.parametrize(
    ("suggested", "limit", "expected"),
    [
        (None, None, 5 * MINUTE),
        (None, 10 * MINUTE, 5 * MINUTE),
        (None, 3 * MINUTE, 2 * MINUTE),
        (timedelta(seconds=30), 10 * MINUTE, timedelta(seconds=30)),
        (timedelta(seconds=3), None, timedelta(seconds=10)),
        (timedelta(seconds=3), MINUTE + timedelta(seconds=4), timedelta(seconds=4)),
        (timedelta(seconds=30), MINUTE, timedelta(0)),
        (timedelta(seconds=30), timedelta(seconds=1), timedelta(0)),
    ],
)
def test_a_running_step_is_asked_again_in_time(
    suggested: timedelta | None, limit: timedelta | None, expected: timedelta
) -> None:
    assert poll_delay(suggested, started_at=NOW - MINUTE, limit=limit, now=NOW) == expected


def test_a_step_without_start_time_is_polled_plainly() -> None:
    assert poll_delay(None, started_at=None, limit=MINUTE, now=NOW) == 5 * MINUTE
