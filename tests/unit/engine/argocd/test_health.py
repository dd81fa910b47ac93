from typing import Any

import pytest

from promotions.engine.argocd.health import (
    assess,
    checked_applications,
    persisted_status,
    summed,
    unreadable,
)
from promotions.engine.health import HealthState
from tests.unit.engine.argocd.documents import GIT, app, marked, state

EARLY, LATE = "2026-01-10T10:00:08Z", "2026-01-10T10:00:31Z"


def status(health: str = "Healthy", **more: Any) -> dict[str, Any]:
    found = {
        "reconciledAt": LATE,
        "health": {"status": health, "lastTransitionTime": LATE},
        "sync": {"status": "Synced", "revision": "b"},
        "operationState": state("Succeeded", finishedAt=EARLY, syncResult={"revision": "b"}),
    }
    return {key: it for key, it in {**found, **more}.items() if it is not None}


@pytest.mark.parametrize(
    ("health", "expected"),
    [
        ("Healthy", HealthState.HEALTHY),
        ("Progressing", HealthState.PROGRESSING),
        ("", HealthState.PROGRESSING),
        ("Suspended", HealthState.PROGRESSING),
        ("Degraded", HealthState.UNHEALTHY),
        ("Missing", HealthState.UNHEALTHY),
        ("Unknown", HealthState.UNHEALTHY),
        ("Novel", HealthState.UNHEALTHY),
    ],
)
def test_argo_cds_health_is_mapped(health: str, expected: HealthState) -> None:
    assert assess(app(status=status(health)), desired=("b",)).state is expected


@pytest.mark.parametrize("reconciled_at", [None, "2026-01-10T10:00:07Z", "nonsense"])
def test_health_from_before_the_operation_ended_is_not_believed(reconciled_at: str | None) -> None:
    finding = assess(app(status=status(reconciledAt=reconciled_at)), desired=())

    assert finding.state is HealthState.UNKNOWN
    assert finding.is_stale
    assert "was not reconciled after its most recent operation completed" in finding.issues[0]


def test_the_same_second_is_believed() -> None:
    finding = assess(app(status=status(reconciledAt=EARLY)), desired=("b",))

    assert (finding.state, finding.is_stale) == (HealthState.HEALTHY, False)


@pytest.mark.parametrize("kind", ["ComparisonError", "InvalidSpecError"])
def test_an_error_condition_is_worse_than_any_health(kind: str) -> None:
    conditions = [{"type": kind, "message": "boom"}, {"type": "Other", "message": "fine"}]

    finding = assess(app(status=status(conditions=conditions)), desired=("b",))

    assert finding.state is HealthState.UNHEALTHY
    assert finding.issues == ('Argo CD Application "web" in namespace "argocd" has an error: boom',)


@pytest.mark.parametrize(
    "seen",
    [
        app(status=status(operationState=None)),
        app(status=status(operationState=state("Running"))),
        app(status=status(operationState=state("Running", finishedAt=EARLY))),
        app(operation=marked(), status=status()),
    ],
    ids=["no operation", "running", "between two attempts", "about to run"],
)
def test_what_is_being_synced_is_not_known_if_a_revision_is_desired(seen: Any) -> None:
    assert assess(seen, desired=("b",)).state is HealthState.UNKNOWN
    assert assess(seen, desired=("",)).state is HealthState.HEALTHY


@pytest.mark.parametrize(
    ("sources", "sync", "desired"),
    [
        (2, {"revisions": ["a", "b"]}, ("b",)),
        (2, {"revision": "b"}, ("", "b")),
        (1, {"revisions": ["a", "b"]}, ("b",)),
    ],
)
def test_counts_that_differ_are_not_known(
    sources: int, sync: dict[str, Any], desired: tuple[str, ...]
) -> None:
    seen = app(sources=[{"repoURL": GIT}] * sources, status=status(sync=sync))

    assert assess(seen, desired=desired).state is HealthState.UNKNOWN


def test_another_revision_is_unhealthy_and_says_of_which_source() -> None:
    seen = app(sources=[{"repoURL": GIT}] * 2, status=status(sync={"revisions": ["a", "x"]}))

    finding = assess(seen, desired=("", "b"))

    assert finding.state is HealthState.UNHEALTHY
    assert finding.issues == (
        (
            f'source 2 ({GIT}) of Argo CD Application "web" in namespace "argocd" is at revision'
            ' "x", not at "b"'
        ),
    )


def test_out_of_sync_and_a_failed_operation_alone_do_not_matter() -> None:
    seen = app(
        status=status(
            sync={"status": "OutOfSync", "revision": "b"},
            operationState=state("Failed", finishedAt=EARLY),
        )
    )

    assert assess(seen, desired=("b",)).state is HealthState.HEALTHY


def test_what_is_kept_does_not_change_with_a_mere_refresh() -> None:
    def at(time: str) -> Any:
        conditions = [{"type": "Warn", "message": "m", "lastTransitionTime": time}]
        found = status(reconciledAt=time, conditions=conditions)
        return app(status={**found, "health": {"status": "Healthy", "lastTransitionTime": time}})

    kept = persisted_status(at(EARLY))

    assert kept == persisted_status(at(LATE))
    assert (kept["Namespace"], kept["Name"]) == ("argocd", "web")
    assert kept["health"] == {"status": "Healthy"}
    assert kept["conditions"] == [{"type": "Warn", "message": "m"}]


def test_the_worst_application_is_the_stages_health() -> None:
    (lost,) = checked_applications({"apps": [{"name": "gone"}]}, default_namespace="argocd")
    findings = [
        assess(app(status=status()), desired=("b",)),
        unreadable(lost, reason="it is not there"),
        assess(app(status=status("Progressing")), desired=()),
    ]

    health = summed(findings)

    assert health.status is HealthState.UNKNOWN
    assert health.issues[0] == (
        'error finding Argo CD Application "gone" in namespace "argocd": it is not there'
    )
    assert isinstance(health.output, dict)
    assert len(health.output["applicationStatuses"]) == 2
