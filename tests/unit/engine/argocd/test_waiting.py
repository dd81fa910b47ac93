from typing import Any

import pytest

from promotions.engine.argocd.waiting import DEFAULT_GOALS, Goal, Readiness, look
from tests.unit.engine.argocd.documents import app, marked, state

EARLY, LATE = "2026-01-10T10:00:08Z", "2026-01-10T10:00:31Z"
ENDED = state("Succeeded", finishedAt=EARLY)
READY, WAITING, HOPELESS = Readiness.READY, Readiness.WAITING, Readiness.HOPELESS


def seen(health: str = "Healthy", sync: str = "Synced", **more: Any) -> Any:
    operation = more.pop("operation", None)
    status = {
        "reconciledAt": LATE,
        "health": {"status": health},
        "sync": {"status": sync},
        "operationState": ENDED,
        **more,
    }
    return app(status=status, operation=operation)


BROKEN = [
    {"type": "ComparisonError", "message": "one"},
    {"type": "InvalidSpecError", "message": "two"},
]
RUNNING = state("Running", finishedAt=EARLY)


@pytest.mark.parametrize(
    ("application", "goals", "before", "readiness"),
    [
        (seen(), DEFAULT_GOALS, "", READY),
        (seen(conditions=BROKEN), [Goal.OPERATION], "", HOPELESS),
        (seen(operation=marked()), DEFAULT_GOALS, "", WAITING),
        (seen(operationState=RUNNING), DEFAULT_GOALS, "", WAITING),
        (seen(operationState=RUNNING), [Goal.SYNC], "", READY),
        (seen("Degraded", "OutOfSync"), [Goal.OPERATION], "", READY),
        (seen("Degraded"), [Goal.SYNC], "Healthy", READY),
        (seen(sync="OutOfSync"), DEFAULT_GOALS, "", WAITING),
        (seen("Progressing"), DEFAULT_GOALS, "", WAITING),
        (seen("Suspended"), [Goal.SUSPENDED, Goal.HEALTH], "", READY),
        (seen("Healthy"), [Goal.SUSPENDED, Goal.HEALTH], "", READY),
        (seen("Healthy"), [Goal.SUSPENDED], "", WAITING),
        (seen("Degraded"), [Goal.DEGRADED], "Healthy", READY),
        (seen("Degraded"), DEFAULT_GOALS, "", WAITING),
        (seen("Degraded"), DEFAULT_GOALS, "Unknown", WAITING),
        (seen("Degraded"), DEFAULT_GOALS, "Degraded", WAITING),
        (seen("Degraded"), DEFAULT_GOALS, "Progressing", HOPELESS),
        (seen("Degraded"), [Goal.HEALTH, Goal.DEGRADED], "Healthy", HOPELESS),
        (seen("Degraded", "OutOfSync"), DEFAULT_GOALS, "Healthy", HOPELESS),
    ],
)
def test_an_application_is_ready_when_its_goals_are_reached(
    application: Any, goals: list[Goal], before: str, readiness: Readiness
) -> None:
    assert look(application, goals=goals, before=before).readiness is readiness


def test_all_errors_are_told() -> None:
    found = look(seen(conditions=BROKEN), goals=DEFAULT_GOALS, before="")

    assert found.message.endswith("has errors: one; two")


def test_health_from_before_the_operation_ended_is_not_looked_at() -> None:
    stale = seen("Degraded", reconciledAt="2026-01-10T10:00:07Z")

    found = look(stale, goals=DEFAULT_GOALS, before="Healthy")

    assert (found.readiness, found.health, found.is_stale) == (WAITING, "", True)
    assert look(stale, goals=[Goal.SYNC], before="Healthy").readiness is READY
    assert look(seen(reconciledAt=EARLY), goals=DEFAULT_GOALS, before="").readiness is READY


def test_a_regression_is_told_with_what_it_was() -> None:
    found = look(seen("Degraded"), goals=DEFAULT_GOALS, before="Progressing")

    assert found.message == (
        'Argo CD Application "web" in namespace "argocd" health has regressed from Progressing to'
        " Degraded"
    )
    assert found.health == "Degraded"
