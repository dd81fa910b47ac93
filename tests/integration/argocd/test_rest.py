"""What only Argo CD's own API has: two requests for one wish, windows, hidden applications."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from promotions.gateways.argocd import rest
from promotions.ports.argocd import (
    Accepted,
    AlreadyInProgress,
    Ambiguous,
    AppRef,
    ArgoCDForbiddenError,
    ArgoCDRefusedError,
    ArgoCDUnavailableError,
    BlockedByWindow,
    Conflict,
    Outcome,
    Refused,
    Scope,
    Selection,
    Transport,
    WindowKind,
)
from tests.fakes.argocd import Fault, Settings, application, project
from tests.fakes.argocd.clock import EPOCH
from tests.fakes.argocd.store import PROJECTS, Key
from tests.integration.argocd.worlds import GUESTBOOK, World, wanted, world

DENY = {"kind": "deny", "schedule": "0 9 * * *", "duration": "8h", "applications": ["*"]}
ALLOW_LATER = {"kind": "allow", "schedule": "0 22 * * *", "duration": "1h", "applications": ["*"]}


@pytest.fixture
def here() -> Iterator[World]:
    with world(Transport.REST) as made:
        yield made


def _edit(here: World) -> Outcome:
    app = here.plane.get(GUESTBOOK)
    return here.plane.initiate(app, wanted(sources=({**app.sources[0], "targetRevision": "v2"},)))


def _said(message: str, code: int) -> dict[str, str | int]:
    return {"error": message, "message": message, "code": code}


def test_the_api_may_be_below_a_path() -> None:
    with world(Transport.REST, settings=Settings(root_path="/argo/cd")) as here:
        assert here.plane.get(GUESTBOOK).name == "guestbook"


def test_a_forgotten_path_is_not_a_missing_application() -> None:
    with world(Transport.REST, settings=Settings(root_path="/argo")) as here:
        here.access = replace(here.access, base_url=here.access.base_url.removesuffix("/argo"))
        with pytest.raises(ArgoCDUnavailableError, match="root path included"):
            here.plane.get(GUESTBOOK)


def test_without_a_project_missing_and_forbidden_look_alike_and_are_said_so(here: World) -> None:
    with pytest.raises(ArgoCDForbiddenError, match="Either there is no such Application, or"):
        here.plane.get(AppRef("argocd", "nothing"))


def test_a_change_and_a_sync_are_two_requests_and_only_the_sync_carries_marks(here: World) -> None:
    assert isinstance(_edit(here), Accepted)

    patch, sync = (it for it in here.site.record.requests if it.is_write)
    sent = json.loads(patch.content)
    assert (patch.method, sent["patchType"]) == ("PATCH", "json")
    assert json.loads(sent["patch"])[0]["path"] == "/metadata/resourceVersion"
    assert "revision" not in json.loads(sync.content)
    assert here.site.record.refreshes("hard")


def test_a_change_whose_answer_is_lost_is_not_followed_by_a_sync(here: World) -> None:
    here.site.fail(Fault("PATCH", is_reset=True, is_effective=True))

    assert isinstance(_edit(here), Ambiguous)
    assert here.operations() == 0
    assert here.site.record.sent("POST") == []


def test_a_change_that_argo_cd_finds_wrong_is_final_and_quoted(here: World) -> None:
    here.site.settings.broken_repositories.add("https://git.example/cfg.git")

    outcome = _edit(here)

    assert isinstance(outcome, Refused)
    assert "application spec for" in outcome.message
    assert here.operations() == 0


def test_auto_sync_between_a_change_and_a_sync_is_waited_for(here: World) -> None:
    said = "rpc error: another operation is already in progress"
    here.site.fail(Fault("POST", "/sync$", status=400, body=_said(said, 9)))

    assert isinstance(_edit(here), AlreadyInProgress)


@pytest.mark.parametrize(
    ("status", "code", "said", "expected"),
    [
        (403, 7, "cannot sync: blocked by sync window", BlockedByWindow),
        (403, 7, "cannot sync: invalid sync window: bad cron", Refused),
        (403, 7, "permission denied", Refused),
        (400, 9, "application is deleting", Refused),
        (400, 9, "Cannot sync to abc: auto-sync currently set to main", Refused),
        (400, 9, "sync with replace was disabled on the API Server level", Refused),
        (400, 3, "application spec is invalid", Refused),
        (404, 5, "applications.argoproj.io not found", Refused),
        (501, 12, "not implemented", Refused),
        (500, 2, "something broke", Ambiguous),
        (503, 14, "try again", Ambiguous),
    ],
)
def test_each_answer_to_a_sync_means_one_thing(
    here: World, status: int, code: int, said: str, expected: type
) -> None:
    app = here.plane.get(GUESTBOOK)
    here.site.fail(Fault("POST", "/sync$", status=status, body=_said(said, code)))

    outcome = here.plane.initiate(app, wanted())

    assert isinstance(outcome, expected)
    assert not isinstance(outcome, Accepted)
    assert said in outcome.message
    assert len(here.site.record.sent("POST")) == 1


def test_an_outage_of_the_repo_server_is_no_refusal(here: World) -> None:
    app = here.plane.get(GUESTBOOK)
    said = 'rpc error: code = Unavailable desc = connection error: "connection refused"'
    here.site.fail(Fault("POST", "/sync$", status=400, body=_said(said, 9)))

    with pytest.raises(ArgoCDUnavailableError) as caught:
        here.plane.initiate(app, wanted())
    assert caught.value.retryable


def test_an_outage_while_a_change_is_validated_is_no_refusal(here: World) -> None:
    said = (
        "application spec for guestbook is invalid: InvalidSpecError: rpc error: code = Unavailable"
        " desc = connection error: desc = transport: Error while dialing: i/o timeout"
    )
    here.site.fail(Fault("PATCH", status=400, body=_said(said, 3)))

    with pytest.raises(ArgoCDUnavailableError) as caught:
        _edit(here)
    assert caught.value.retryable
    assert here.operations() == 0


def test_a_change_that_others_were_always_faster_than_is_decided_again(here: World) -> None:
    said = "error updating application: Failed to update application. Too many conflicts"
    here.site.fail(Fault("PATCH", status=500, body=_said(said, 13)))

    assert isinstance(_edit(here), Conflict)


def test_an_operation_that_still_runs_is_not_overwritten_though_the_server_would_let_us(
    here: World,
) -> None:
    here.site.set("guestbook", {"status": {"operationState": {"phase": "Running"}}})

    outcome = here.plane.initiate(here.plane.get(GUESTBOOK), wanted())

    assert isinstance(outcome, AlreadyInProgress)
    assert here.site.record.violations == []


def test_a_window_that_makes_no_sense_is_final_for_what_nobody_asked_for_too() -> None:
    broken = {**DENY, "schedule": "nonsense"}
    with world(Transport.REST, projects=[project(syncWindows=[broken])]) as here:
        app = here.plane.get(GUESTBOOK)
        outcomes = [here.plane.initiate(app, wanted(automated=it)) for it in (False, True)]

    for outcome in outcomes:
        assert isinstance(outcome, Refused)
        assert "cannot parse schedule 'nonsense'" in outcome.message


def test_a_list_that_is_too_large_for_argo_cd_itself_is_not_asked_for_again(here: World) -> None:
    said = "grpc: received message larger than max (268435456 vs. 209715200)"
    here.site.fail(Fault("GET", status=429, body=_said(said, 8)))

    with pytest.raises(ArgoCDRefusedError, match="ARGOCD_GRPC_MAX_SIZE_MB") as caught:
        here.plane.list(Selection())
    assert (caught.value.retryable, caught.value.code) == (False, "argocd_too_many")


def test_an_application_whose_project_is_gone_is_refused_in_argo_cds_words(here: World) -> None:
    here.site.store.remove(Key(PROJECTS, "argocd", "default"))

    with pytest.raises(ArgoCDRefusedError, match="app is not allowed in project"):
        here.plane.get(GUESTBOOK)


def test_rights_are_asked_about_without_quoting_slashes(here: World) -> None:
    here.plane.check((Scope("team-a", "apps"),), now=EPOCH)

    paths = {it.path for it in here.site.record.requests}
    assert "/api/v1/account/can-i/applications/get/team-a/apps/*" in paths


def test_an_address_that_is_redirected_to_https_is_not_followed_with_the_token(here: World) -> None:
    home = (("Location", "https://127.0.0.1/api/v1/applications/guestbook"),)
    here.site.fail(Fault("GET", status=307, headers=home, times=9))

    with pytest.raises(ArgoCDUnavailableError, match="points elsewhere"):
        here.plane.get(GUESTBOOK)
    assert here.requests() == 1


def test_a_window_that_denies_is_no_failure_and_lifts() -> None:
    with world(Transport.REST, projects=[project(syncWindows=[DENY])]) as here:
        app = here.plane.get(GUESTBOOK)

        assert isinstance(here.plane.initiate(app, wanted()), BlockedByWindow)
        here.site.clock.advance(8 * 3600)
        assert isinstance(here.plane.initiate(app, wanted()), Accepted)


def test_what_nobody_asked_for_in_person_waits_for_windows_that_a_person_need_not() -> None:
    manual = {**DENY, "manualSync": True}
    with world(Transport.REST, projects=[project(syncWindows=[manual])]) as here:
        app = here.plane.get(GUESTBOOK)

        assert isinstance(here.plane.initiate(app, wanted(automated=True)), BlockedByWindow)
        assert here.site.record.sent("POST") == []
        assert isinstance(here.plane.initiate(app, wanted()), Accepted)


def test_windows_tell_what_is_active() -> None:
    with world(Transport.REST, projects=[project(syncWindows=[DENY, ALLOW_LATER])]) as here:
        windows = here.plane.sync_windows(here.plane.get(GUESTBOOK))

    assert windows.active is not None
    assert [it.kind for it in windows.active] == [WindowKind.DENY]
    assert {it.kind for it in windows.assigned} == {WindowKind.DENY, WindowKind.ALLOW}
    assert windows.permits(automated=False) is False


def test_a_refresh_that_takes_long_has_been_asked_for(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest, "REFRESH_SECONDS", 0.2)
    here.site.controller.refresh_seconds = 3600
    began = time.monotonic()

    assert here.plane.refresh(GUESTBOOK, hard=True)

    assert time.monotonic() - began < 60
    assert len(here.site.record.refreshes("hard")) == 1


def test_applications_elsewhere_are_named_with_their_namespace() -> None:
    apps = [application("guestbook", namespace="team"), application("guestbook")]
    with world(Transport.REST, apps=apps, settings=Settings(namespaces=("team",))) as here:
        app = here.plane.get(AppRef("team", "guestbook", "default"))
        here.plane.initiate(app, wanted())

        assert [it.namespace for it in here.site.record.operations] == ["team"]


def test_refreshes_that_take_long_do_not_make_the_server_a_failing_one(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest, "REFRESH_SECONDS", 0.1)
    here.site.controller.refresh_seconds = 3600

    for _ in range(6):
        here.plane.refresh(GUESTBOOK)

    assert here.plane.get(GUESTBOOK).name == "guestbook"
