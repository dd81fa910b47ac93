"""The timelines, by the platform's own steps, health check and gateways, by both transports."""

from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from tests.fakes.argocd.timelines.listening import replay_listening
from tests.fakes.argocd.timelines.loading import Timeline, load_all
from tests.fakes.argocd.timelines.replay import replay
from tests.functional.argocd.promoting import listening, promoting

TIMELINES = load_all(Path(__file__).parent / "timelines")
CASES = [(it, transport) for it in TIMELINES for transport in it.transports]
SLOW = {("T11", "rest")}


def _parameters(*, of_listeners: bool) -> list[ParameterSet]:
    return [
        pytest.param(
            timeline,
            transport,
            id=f"{timeline.id}-{transport}",
            marks=[pytest.mark.slow] if (timeline.id, transport) in SLOW else [],
        )
        for timeline, transport in CASES
        if bool(timeline.expect.told) is of_listeners
    ]


@pytest.mark.parametrize(("timeline", "transport"), _parameters(of_listeners=False))
def test_a_promotion_does_as_the_timeline_expects(timeline: Timeline, transport: str) -> None:
    problems = replay(timeline, promoting, transport=transport)

    assert problems == [], timeline.title


@pytest.mark.parametrize(("timeline", "transport"), _parameters(of_listeners=True))
def test_a_listener_misses_nothing_for_long(timeline: Timeline, transport: str) -> None:
    problems = replay_listening(timeline, listening, transport=transport)

    assert problems == [], timeline.title
