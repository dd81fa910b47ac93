import pytest

from promotions.engine.argocd.application import RequestedOperation
from promotions.engine.argocd.markers import Info, attempt_in, has_accepted, infos, last_attempt
from tests.unit.engine.argocd.documents import OTHER, OURS, app, marked


def test_an_operation_says_whose_it_is_and_which_try() -> None:
    assert infos(promotion=OURS, attempt=2, actor="email:kim@example.org") == (
        Info("Reason", "Promotion triggered a sync of this Application resource."),
        Info("kargo.akuity.io/promotion", OURS),
        Info("promoter/actor", "email:kim@example.org"),
        Info("promoter/attempt", "2"),
    )
    assert "promoter/actor" not in {it.name for it in infos(promotion=OURS, attempt=1)}


@pytest.mark.parametrize(
    ("text", "attempt"), [("3", 3), ("", 0), ("x", 0), ("-1", 0), ("9" * 20, 0)]
)
def test_a_try_that_makes_no_sense_is_none(text: str, attempt: int) -> None:
    assert attempt_in(RequestedOperation(infos={"promoter/attempt": text})) == attempt


def test_our_mark_is_seen_before_and_after_argo_cd_takes_it_up() -> None:
    pending = app(operation=marked(OURS, 2))
    running = app(status={"operationState": {"phase": "Running", "operation": marked(OURS, 2)}})
    other = app(operation=marked(OTHER, 2))

    assert [has_accepted(it, promotion=OURS, attempt=2) for it in (pending, running, other)] == [
        True,
        True,
        False,
    ]
    assert not has_accepted(pending, promotion=OURS, attempt=3)
    assert [last_attempt(it, promotion=OURS) for it in (pending, running, other)] == [2, 2, 0]
