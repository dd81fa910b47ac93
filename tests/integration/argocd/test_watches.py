"""Watches tell of changes soon, and end in an error that says what to do."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from common.errors import UpstreamError
from common.http import Limits
from promotions.engine.argocd.selectors import selector_of
from promotions.gateways.argocd.limits import FAILURES
from promotions.ports.argocd import (
    ArgoCDError,
    ArgoCDExpiredError,
    ArgoCDUnauthorizedError,
    ArgoCDUnavailableError,
    Selection,
    Transport,
    WatchEvent,
    WatchKind,
)
from tests.fakes.argocd import HTML, Fault, Settings, application
from tests.fakes.argocd.rest.stream import error_chunk
from tests.fakes.argocd.store import APPLICATIONS, Key
from tests.integration.argocd.worlds import World, world

EVERYTHING = Selection()


@contextmanager
def _watched(here: World, selection: Selection = EVERYTHING) -> Iterator[Iterator[WatchEvent]]:
    """Watch from where a list ends, as a listener does."""
    version = here.plane.list(selection).resource_version
    with here.plane.watch(selection, resource_version=version) as events:
        yield events


def _next(events: Iterator[WatchEvent]) -> WatchEvent:
    """Return the first news: Argo CD's own API begins with all that is there."""
    return next(it for it in events if it.kind not in {WatchKind.BOOKMARK, WatchKind.ADDED})


def test_a_change_is_told(here: World) -> None:
    with _watched(here) as events:
        here.site.set("guestbook", {"status": {"health": {"status": "Degraded"}}})
        event = _next(events)

    assert event.kind is WatchKind.MODIFIED
    assert event.application is not None
    assert event.application.health == "Degraded"
    assert event.application.annotations["kargo.akuity.io/authorized-stage"] == "shop:prod"
    assert event.resource_version == event.application.resource_version


def test_a_deletion_is_told(here: World) -> None:
    with _watched(here) as events:
        here.site.store.remove(Key(APPLICATIONS, "argocd", "guestbook"))
        event = _next(events)

    assert event.kind is WatchKind.DELETED
    assert event.application is not None
    assert event.application.name == "guestbook"


def test_only_what_is_selected_is_told(transport: Transport) -> None:
    apps = [application("a", labels={"tier": "web"}), application("b")]
    selection = Selection(selector=selector_of({"matchLabels": {"tier": "web"}}))
    with world(transport, apps=apps) as here, _watched(here, selection) as events:
        here.site.set("b", {"status": {"sync": {"status": "Synced"}}})
        here.site.set("a", {"status": {"sync": {"status": "Synced"}}})
        event = _next(events)

    assert event.application is not None
    assert event.application.name == "a"


def test_only_applications_of_the_projects_are_told(transport: Transport) -> None:
    apps = [application("a"), application("b", project="other")]
    selection = Selection(projects=("default",))
    with world(transport, apps=apps) as here, _watched(here, selection) as events:
        here.site.set("b", {"status": {"sync": {"status": "Synced"}}})
        here.site.set("a", {"status": {"sync": {"status": "Synced"}}})
        event = _next(events)

    assert event.application is not None
    assert event.application.name == "a"


def test_a_silent_server_gives_signs_of_life(transport: Transport) -> None:
    quick = Settings(keepalive_seconds=0.01, bookmark_seconds=0.01)
    with world(transport, settings=quick) as here, _watched(here) as events:
        here.site.clock.advance(1)
        event = next(it for it in events if it.kind is WatchKind.BOOKMARK)

    assert bool(event.resource_version) is (transport is Transport.KUBERNETES)


def test_a_watch_ends_when_the_server_ends_it(here: World) -> None:
    with _watched(here) as events:
        here.site.streams.close_all()

        assert {it.kind for it in events} <= {WatchKind.BOOKMARK, WatchKind.ADDED}


def test_a_server_that_says_nothing_at_all_is_given_up(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = f"promotions.gateways.argocd.{here.transport}.WATCH_LIMITS"
    monkeypatch.setattr(module, Limits(60, max_redirects=0, idle_seconds=0.2))
    here.site.streams.is_silent = True

    silence = pytest.raises(ArgoCDUnavailableError, match="did not answer in time")
    with silence as caught, _watched(here) as events:
        list(events)
    assert caught.value.retryable


def test_a_watch_from_too_long_ago_begins_anew_with_a_list() -> None:
    with world(Transport.KUBERNETES) as here:
        version = here.plane.list(EVERYTHING).resource_version
        here.site.set("guestbook", {"status": {"sync": {"status": "Synced"}}})
        here.site.store.compact()
        here.site.set("guestbook", {"status": {"sync": {"status": "OutOfSync"}}})

        watching = here.plane.watch(EVERYTHING, resource_version=version)
        with pytest.raises(ArgoCDExpiredError), watching as events:
            list(events)


def test_a_version_that_expires_while_it_is_watched_begins_anew_with_a_list() -> None:
    gone = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"}
    last = json.dumps({"type": "ERROR", "object": gone}).encode() + b"\n"
    with world(Transport.KUBERNETES) as here, _watched(here) as events:
        here.site.streams.close_all(last)

        with pytest.raises(ArgoCDExpiredError, match="too old"):
            list(events)


def test_an_error_in_the_stream_is_an_error() -> None:
    with world(Transport.REST) as here, _watched(here) as events:
        here.site.streams.close_all(error_chunk("the cache is gone"))

        with pytest.raises(ArgoCDUnavailableError, match="the cache is gone"):
            list(events)


def test_a_stream_of_argo_cds_own_begins_with_all_that_is_there_and_forgets_nothing() -> None:
    with world(Transport.REST) as here:
        version = here.plane.list(EVERYTHING).resource_version
        here.site.set("guestbook", {"status": {"health": {"status": "Degraded"}}})
        with here.plane.watch(EVERYTHING, resource_version=version) as events:
            event = next(events)

    assert event.application is not None
    assert (event.kind, event.application.health) == (WatchKind.ADDED, "Degraded")


def test_where_there_is_no_application_silence_is_no_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits = Limits(60, max_redirects=0, idle_seconds=0.1)
    monkeypatch.setattr("promotions.gateways.argocd.rest.WATCH_LIMITS", limits)
    with world(Transport.REST, apps=[]) as here:
        assert here.plane.list(EVERYTHING).items == ()
        for _ in range(FAILURES + 1):
            with here.plane.watch(EVERYTHING) as events:
                assert list(events) == []

        assert here.plane.list(EVERYTHING).items == ()


def test_only_applications_of_the_namespace_are_told(transport: Transport) -> None:
    apps = [application("a"), application("a", namespace="team")]
    settings = Settings(namespaces=("team",))
    with (
        world(transport, apps=apps, settings=settings) as here,
        _watched(here, Selection(namespace="team")) as events,
    ):
        here.site.set("a", {"status": {"sync": {"status": "Synced"}}})
        here.site.set("a", {"status": {"sync": {"status": "Synced"}}}, namespace="team")
        event = _next(events)

    assert event.application is not None
    assert event.application.namespace == "team"


def test_a_watch_with_a_bad_token_is_refused(here: World) -> None:
    here.revoke()

    refused = pytest.raises(ArgoCDUnauthorizedError, match=r"revoked|Unauthorized")
    with refused, here.plane.watch(EVERYTHING) as events:
        list(events)


def test_a_watch_tries_the_next_token_too(here: World) -> None:
    here.access = replace(here.access, token="old.and.revoked", next_token=here.access.token)
    with _watched(here) as events:
        here.site.set("guestbook", {"status": {"health": {"status": "Degraded"}}})

        assert _next(events).kind is WatchKind.MODIFIED


@pytest.mark.parametrize("body", [HTML, b'{"result": ', b"data: {\n\n", b"x" * 100])
def test_nonsense_in_a_stream_is_an_error(here: World, body: bytes) -> None:
    here.site.fail(Fault("GET", status=200, body=body))

    with pytest.raises(ArgoCDUnavailableError), here.plane.watch(EVERYTHING) as events:
        list(events)


def test_a_proxy_that_answers_for_the_server_is_an_error(here: World) -> None:
    here.site.fail(Fault("GET", status=502, body=HTML))

    page = pytest.raises(ArgoCDError, match="an HTML page")
    with page, here.plane.watch(EVERYTHING) as events:
        list(events)


def test_watches_do_not_keep_requests_from_being_sent(here: World) -> None:
    with _watched(here), _watched(here), _watched(here):
        assert here.plane.list(EVERYTHING).items


def test_errors_of_the_listener_are_its_own(here: World) -> None:
    mine = UpstreamError("of the listener", retryable=False, code="mine")

    with pytest.raises(UpstreamError) as caught, _watched(here):
        raise mine
    assert caught.value is mine
