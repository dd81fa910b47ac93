"""What goes wrong on the wire is never taken for something else, and never makes things worse."""

from dataclasses import replace

import pytest

from common.errors import UpstreamError
from common.jsontypes import JSONObject
from promotions.ports.argocd import (
    Ambiguous,
    ArgoCDBusyError,
    ArgoCDError,
    ArgoCDUnauthorizedError,
    ArgoCDUnavailableError,
    Selection,
    Transport,
)
from promotions.ports.argocd_access import Pace
from tests.fakes.argocd import HTML, Fault, application
from tests.fakes.argocd.recording import Recorded
from tests.integration.argocd.worlds import GUESTBOOK, World, wanted, world


def _writes(here: World) -> list[Recorded]:
    return [it for it in here.site.record.requests if it.is_write]


def test_a_read_is_tried_again_while_the_server_cannot(here: World) -> None:
    here.site.fail(Fault("GET", status=503, body=HTML), Fault("GET", status=502))

    assert here.plane.get(GUESTBOOK).name == "guestbook"
    assert here.requests() == 3
    assert len(here.ticks.slept) == 2


def test_a_read_that_is_reset_is_tried_again(here: World) -> None:
    here.site.fail(Fault("GET", is_reset=True))

    assert here.plane.get(GUESTBOOK).name == "guestbook"


def test_a_wait_that_is_asked_for_is_kept_and_is_the_callers(here: World) -> None:
    here.site.fail(Fault("GET", status=429, headers=(("Retry-After", "7"),)))

    with pytest.raises(ArgoCDBusyError) as caught:
        here.plane.get(GUESTBOOK)
    assert caught.value.retry_after is not None
    assert caught.value.retry_after.total_seconds() == pytest.approx(7, abs=0.1)

    with pytest.raises(ArgoCDBusyError):
        here.plane.get(GUESTBOOK)
    assert here.requests() == 1
    here.ticks.at += 7.1
    assert here.plane.get(GUESTBOOK).name == "guestbook"


@pytest.mark.parametrize(
    "fault",
    [
        Fault("", "applications", status=500, body={"error": "x", "code": 13}),
        Fault("", "applications", status=503, body=HTML),
        Fault("", "applications", status=504, body=b"gateway time-out"),
        Fault("", "applications", is_reset=True),
        Fault("", "applications", is_cut_short=True),
        Fault("", "applications", status=200, body=HTML),
    ],
    ids=["500", "503", "504", "reset", "cut-short", "page"],
)
def test_a_lost_answer_to_a_sync_is_ambiguous_and_nothing_is_sent_twice(
    transport: Transport, fault: Fault
) -> None:
    with world(transport) as here:
        app = here.plane.get(GUESTBOOK)
        here.site.fail(replace(fault, method=_sync_method(transport)))

        outcome = here.plane.initiate(app, wanted())

        assert isinstance(outcome, Ambiguous)
        assert len(_writes(here)) == 1


def test_a_sync_that_was_accepted_and_whose_answer_was_lost_shows_when_read_again(
    here: World,
) -> None:
    app = here.plane.get(GUESTBOOK)
    here.site.fail(Fault(_sync_method(here.transport), is_reset=True, is_effective=True))

    outcome = here.plane.initiate(app, wanted())

    assert isinstance(outcome, Ambiguous)
    pending = here.plane.get(GUESTBOOK).pending
    assert pending is not None
    assert pending.infos["kargo.akuity.io/promotion"] == "prod.01abc"
    assert here.operations() == 1


def test_a_sync_that_is_asked_for_too_often_was_not_done(here: World) -> None:
    app = here.plane.get(GUESTBOOK)
    here.site.fail(Fault(_sync_method(here.transport), status=429))

    with pytest.raises(ArgoCDBusyError):
        here.plane.initiate(app, wanted())

    assert len(_writes(here)) == 1
    assert here.operations() == 0


def test_a_token_that_is_revoked_midway_is_an_error_of_its_own(here: World) -> None:
    app = here.plane.get(GUESTBOOK)
    here.revoke()

    with pytest.raises(ArgoCDUnauthorizedError):
        here.plane.initiate(app, wanted())

    assert here.operations() == 0


def test_the_next_token_takes_over_when_the_first_is_refused(transport: Transport) -> None:
    with world(transport) as here:
        here.access = replace(here.access, token="old.and.revoked", next_token=here.access.token)
        app = here.plane.get(GUESTBOOK)
        here.plane.initiate(app, wanted())

        assert here.operations() == 1
        assert [it.status for it in here.site.record.requests].count(401) == 1
        assert here.site.record.requests[0].status == 401


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, HTML), (200, b"[]"), (200, b""), (200, b'{"metadata": {"name": "guest'), (302, b"")],
)
def test_nonsense_is_not_an_application(here: World, status: int, body: bytes) -> None:
    headers = (("Location", "https://login.example/"),) if status == 302 else ()
    here.site.fail(Fault("GET", status=status, body=body, headers=headers, times=9))

    with pytest.raises(ArgoCDUnavailableError, match="the address"):
        here.plane.get(GUESTBOOK)


def test_an_answer_that_is_cut_short_is_no_answer(here: World) -> None:
    here.site.fail(Fault("GET", is_cut_short=True, times=9))

    with pytest.raises(ArgoCDUnavailableError):
        here.plane.get(GUESTBOOK)
    with pytest.raises(ArgoCDUnavailableError):
        here.plane.list(Selection())


def test_a_page_of_a_proxy_is_named_and_not_quoted(here: World) -> None:
    page = b"<html><head><title>Sign in\nhere</title></head><script>" + b"x" * 9999
    here.site.fail(Fault("GET", status=403, body=page))

    with pytest.raises(ArgoCDError, match="an HTML page, Sign in here") as caught:
        here.plane.get(GUESTBOOK)
    assert len(caught.value.message) < 400


def test_long_words_are_cut_and_never_hold_the_token(here: World) -> None:
    said: JSONObject = {
        "message": f"{here.access.token} " + "no " * 9999,
        "code": 3,
        "kind": "Status",
    }
    here.site.fail(Fault("GET", status=400, body=said))

    with pytest.raises(ArgoCDError) as caught:
        here.plane.get(GUESTBOOK)
    assert len(caught.value.message) < 800
    assert here.access.token not in str(caught.value)
    assert here.access.token not in repr(here.access)


def test_after_five_failures_the_server_is_left_alone_for_a_while(here: World) -> None:
    here.site.fail(Fault(status=503, times=5))
    for _ in range(3):
        with pytest.raises(UpstreamError):
            here.plane.get(GUESTBOOK)
    asked = here.requests()

    with pytest.raises(ArgoCDUnavailableError, match="it is asked again soon") as caught:
        here.plane.get(GUESTBOOK)
    assert caught.value.code == "argocd_circuit_open"
    assert here.requests() == asked == 5

    here.ticks.at += 31
    assert here.plane.get(GUESTBOOK).name == "guestbook"
    assert here.plane.get(GUESTBOOK).name == "guestbook"


def test_refusals_do_not_open_the_circuit(here: World) -> None:
    here.rights("list")
    for _ in range(8):
        with pytest.raises(ArgoCDError):
            here.plane.get(GUESTBOOK)

    assert here.requests() == 8


def test_requests_keep_to_the_pace(transport: Transport) -> None:
    with world(transport, pace=Pace(per_second=10, burst=3)) as here:
        for _ in range(8):
            here.plane.get(GUESTBOOK)

        assert sum(here.ticks.slept) == pytest.approx(0.5, abs=0.05)


def test_a_caller_that_would_wait_too_long_is_sent_away(transport: Transport) -> None:
    with world(transport, pace=Pace(per_second=0.1, burst=1)) as here:
        here.plane.get(GUESTBOOK)
        with pytest.raises(ArgoCDBusyError, match="times a second"):
            here.plane.get(GUESTBOOK)

        assert here.requests() == 1


def test_a_dead_server_is_an_error_that_names_it(transport: Transport) -> None:
    with world(transport) as here:
        plane = here.plane
    with pytest.raises(ArgoCDUnavailableError, match="Argo CD could not be asked"):
        plane.get(GUESTBOOK)


def test_a_list_beyond_the_limit_is_refused(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    module = f"promotions.gateways.argocd.{here.transport}.MAX_APPLICATIONS"
    monkeypatch.setattr(module, 0)

    with pytest.raises(ArgoCDError, match="narrow the selection") as caught:
        here.plane.list(Selection())
    assert caught.value.code == "argocd_too_many"


@pytest.mark.slow
def test_ten_thousand_applications_are_listed(transport: Transport) -> None:
    apps = [application(f"app-{n:05}") for n in range(10_000)]
    with world(transport, apps=apps, pace=Pace(burst=100)) as here:
        found = here.plane.list(Selection())

    assert len(found.items) == 10_000
    assert found.items[-1].name == "app-09999"


def _sync_method(transport: Transport) -> str:
    return "POST" if transport is Transport.REST else "PATCH"
