"""Durations in the configurations of the web steps."""

from datetime import timedelta

import pytest

from promotions.engine.runner import StepError
from promotions.steps.support.web import LONGEST_TIMEOUT, duration, timeout


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", timedelta(seconds=10)),
        ("1m30s", timedelta(seconds=90)),
        ("1500us", timedelta(milliseconds=1.5)),
        ("59m", timedelta(minutes=59)),
        ("0s", LONGEST_TIMEOUT),
        ("-5s", LONGEST_TIMEOUT),
        ("9999h", LONGEST_TIMEOUT),
        ("2540400h", LONGEST_TIMEOUT),
    ],
)
def test_every_exchange_ends(text: str, expected: timedelta) -> None:
    assert timeout({"timeout": text}, default="10s") == expected


@pytest.mark.parametrize("text", ["5", "soon 5s", "5x9s", "99999999999999999999h"])
def test_what_is_no_duration_is_refused_for_good(text: str) -> None:
    with pytest.raises(StepError) as caught:
        duration({"pollInterval": text}, "pollInterval", default="30s")

    assert caught.value.terminal
