from typing import Any

import pytest

from promotions.engine.argocd.decision import Act, Decision, decide
from tests.unit.engine.argocd.documents import OTHER, OURS, app, marked, state

AT = "2026-01-10T10:00:08Z"


def result(*revisions: str) -> dict[str, Any]:
    return {"syncResult": {"revisions": list(revisions)}}


ROWS = [
    ("row 1: nothing was ever synchronized", {}, ("",), Act.UPDATE, ""),
    ("row 2: a foreign operation runs", state("Running", ""), ("",), Act.WAIT, "Running"),
    ("row 2: it is being terminated", state("Terminating", ""), ("",), Act.WAIT, "Terminating"),
    ("row 3: a foreign one has ended", state("Succeeded", ""), ("",), Act.UPDATE, ""),
    ("row 3: a foreign one has failed", state("Failed", ""), ("",), Act.UPDATE, ""),
    ("row 4: another promotion's runs", state("Running", OTHER), ("",), Act.WAIT, "Running"),
    ("row 4: another promotion's ended", state("Error", OTHER), ("",), Act.UPDATE, ""),
    ("row 5: ours runs", state("Running"), ("b",), Act.WAIT, "Running"),
    ("row 5: ours is retried", state("Running", finishedAt=AT), ("b",), Act.WAIT, "Running"),
    ("row 6: ours has no result", state("Succeeded"), ("b",), Act.REPEAT, ""),
    ("row 6: even if it failed", state("Failed"), ("b",), Act.REPEAT, ""),
    ("row 7: nothing is desired", state("Failed", **result("a")), (), Act.DONE, "Failed"),
    ("row 8: at another revision", state("Succeeded", **result("a")), ("b",), Act.REPEAT, ""),
    ("row 8: even if it failed", state("Failed", **result("a")), ("b",), Act.REPEAT, ""),
    (
        "row 8: one of two differs",
        state("Succeeded", **result("a", "x")),
        ("", "b"),
        Act.REPEAT,
        "",
    ),
    ("row 9: where it is wanted", state("Succeeded", **result("b")), ("b",), Act.DONE, "Succeeded"),
    (
        "row 9: what is not desired is any",
        state("Succeeded", **result("a", "b")),
        ("", "b"),
        Act.DONE,
        "Succeeded",
    ),
    (
        "row 9: one revision of one source",
        state("Error", syncResult={"revision": "b"}),
        ("b",),
        Act.DONE,
        "Error",
    ),
    (
        "hardening: fewer revisions than sources",
        state("Succeeded", **result("b")),
        ("", "b"),
        Act.REPEAT,
        "",
    ),
    (
        "hardening: more revisions than sources",
        state("Succeeded", **result("b", "c")),
        ("b",),
        Act.REPEAT,
        "",
    ),
]


@pytest.mark.parametrize(
    ("observed", "desired", "act", "phase"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_the_last_operation_decides(
    observed: dict[str, object], desired: tuple[str, ...], act: Act, phase: str
) -> None:
    seen = app(status={"operationState": observed} if observed else {})

    decision = decide(seen, promotion=OURS, desired=desired)

    assert (decision.act, decision.phase) == (act, phase)


@pytest.mark.parametrize("promotion", [OURS, OTHER, ""])
@pytest.mark.parametrize("last", [None, state("Succeeded", **result("b"))])
def test_an_operation_that_argo_cd_has_not_taken_up_is_waited_for(
    promotion: str, last: dict[str, object] | None
) -> None:
    seen = app(operation=marked(promotion), status={"operationState": last} if last else {})

    decision = decide(seen, promotion=OURS, desired=("b",))

    assert (decision.act, decision.phase) == (Act.WAIT, "Running")


def test_a_foreign_operation_is_waited_for_by_name() -> None:
    by_alice = {"phase": "Running", "operation": {"initiatedBy": {"username": "alice"}}}
    by_nobody = {"phase": "Running", "operation": {"initiatedBy": {"automated": True}}}

    decisions = [
        decide(app(status={"operationState": it}), promotion=OURS, desired=())
        for it in (by_alice, by_nobody, state("Running", OTHER))
    ]

    assert [it.reason for it in decisions] == [
        'an operation was initiated by "alice": waiting',
        "an operation was initiated by Argo CD itself: waiting",
        f'another promotion, "{OTHER}", has an operation under way: waiting',
    ]


def test_a_phase_of_ours_that_nobody_knows_is_waited_for() -> None:
    seen = app(status={"operationState": state("Unknown")})

    decision = decide(seen, promotion=OURS, desired=())

    assert decision == Decision(Act.WAIT, "Unknown", "the operation is under way")
