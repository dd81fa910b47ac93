from datetime import timedelta

import pytest

from promotions.ports.origin import StepOrigin
from promotions.steps.support.argocd_ledger import SETTLING, SHOWING, Fate, Ledger, Request
from tests.fakes.step_stores import FakeIntents
from tests.unit.engine.argocd.documents import OTHER, OURS, app, marked
from tests.unit.steps.contexts import NOW

ORIGIN = StepOrigin("tenant", "shop", "uid", "step-1")
PLAIN = app()
SEEN = app(operation=marked(OURS, 1))
FOREIGN = app(operation=marked(OTHER, 7))


def ledger(intents: FakeIntents) -> Ledger:
    """Return the ledger as another worker reads it."""
    return Ledger(intents, ORIGIN, promotion=OURS)


@pytest.mark.parametrize(
    ("fate", "seconds", "application", "attempt"),
    [
        (Fate.SENT, 0, PLAIN, 0),
        (Fate.SENT, 29, PLAIN, 0),
        (Fate.SENT, 29, FOREIGN, 0),
        (Fate.SENT, 30, PLAIN, 2),
        (Fate.SENT, 0, SEEN, 2),
        (Fate.CONFIRMED, 9, PLAIN, 0),
        (Fate.CONFIRMED, 10, PLAIN, 2),
        (Fate.CONFIRMED, 0, SEEN, 2),
        (Fate.UNDONE, 0, PLAIN, 1),
        (Fate.UNDONE, 0, SEEN, 2),
    ],
)
def test_the_next_request_is_numbered_by_what_is_known_of_the_last(
    fate: Fate, seconds: int, application: object, attempt: int
) -> None:
    intents = FakeIntents()
    ledger(intents).record(PLAIN, Request(1, fate, NOW), now=NOW)

    found = ledger(intents).next_attempt(application, now=NOW + timedelta(seconds=seconds))  # type: ignore[arg-type] # one of three

    assert found == attempt
    assert timedelta(seconds=10) == SHOWING < SETTLING == timedelta(seconds=30)


def test_the_first_request_is_numbered_after_what_the_application_shows() -> None:
    assert ledger(FakeIntents()).next_attempt(PLAIN, now=NOW) == 1
    assert ledger(FakeIntents()).next_attempt(SEEN, now=NOW) == 2


def test_a_lost_request_that_could_do_nothing_any_more_is_not_waited_for() -> None:
    intents = FakeIntents()
    ledger(intents).record(PLAIN, Request(1, Fate.SENT, NOW), now=NOW)

    assert ledger(intents).next_attempt(PLAIN, now=NOW) == 0
    assert ledger(intents).next_attempt(PLAIN, now=NOW, is_late_refused=True) == 2


def test_a_clock_that_goes_back_makes_nobody_wait_for_longer() -> None:
    intents = FakeIntents()
    ledger(intents).record(PLAIN, Request(1, Fate.SENT, NOW), now=NOW)
    back = NOW - timedelta(hours=1)

    first = ledger(intents).next_attempt(PLAIN, now=back)
    later = ledger(intents).next_attempt(PLAIN, now=back + SETTLING)

    assert (first, later) == (0, 2)


def test_a_request_that_shows_is_confirmed_for_good() -> None:
    intents = FakeIntents()
    ledger(intents).record(PLAIN, Request(1, Fate.SENT, NOW), now=NOW)

    is_open = [ledger(intents).is_open(it, now=NOW) for it in (PLAIN, SEEN, PLAIN)]

    assert is_open == [True, False, False]


def test_an_application_that_was_made_anew_is_another() -> None:
    intents = FakeIntents()
    ledger(intents).record(PLAIN, Request(4, Fate.CONFIRMED, NOW), now=NOW)
    document = {**PLAIN.document, "metadata": {"name": "web", "namespace": "argocd", "uid": "u2"}}
    anew = type(PLAIN)(name="web", namespace="argocd", uid="u2", document=document)

    assert ledger(intents).next_attempt(anew, now=NOW) == 1
