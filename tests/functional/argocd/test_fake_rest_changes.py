"""The fake argocd-server: edits, syncs, refreshes, and all that may speak against them."""

from collections.abc import Iterator

import httpx
import pytest

from tests.fakes.argocd import application, argocd, project
from tests.fakes.argocd.accounts import PROMOTER, Rule
from tests.fakes.argocd.site import Site
from tests.functional.argocd.fake_callers import RestCaller, said

INFOS = [{"name": "kargo.akuity.io/promotion", "value": "prod.01"}]
DENY = {"kind": "deny", "schedule": "50 9 * * *", "duration": "11m", "applications": ["*"]}


@pytest.fixture
def site() -> Iterator[Site]:
    status = {"sync": {"status": "OutOfSync"}, "health": {"status": "Healthy"}}
    with argocd(apps=[application("guestbook", stage="shop:prod", status=status)]) as site:
        yield site


@pytest.fixture
def rest(site: Site) -> Iterator[RestCaller]:
    with httpx.Client() as client:
        yield RestCaller(site, client, site.token)


def test_a_merge_patch_changes_the_spec_and_forgets_operation_and_status(
    site: Site, rest: RestCaller
) -> None:
    patch = {
        "spec": {"source": {"targetRevision": "v2"}},
        "operation": {"sync": {}},
        "status": {"health": {"status": "Degraded"}},
    }

    response = rest.patch(patch)

    app = site.app("guestbook")
    assert response.status_code == 200
    assert app["spec"]["source"]["targetRevision"] == "v2"
    assert "operation" not in app
    assert app["status"]["health"]["status"] == "Healthy"
    assert app["metadata"]["generation"] == 2


def test_a_json_patch_whose_test_fails_is_an_internal_error_with_a_text(
    site: Site, rest: RestCaller
) -> None:
    version = site.app("guestbook")["metadata"]["resourceVersion"]
    edit = {"op": "replace", "path": "/spec/source/targetRevision", "value": "v2"}
    guard = {"op": "test", "path": "/metadata/resourceVersion", "value": version}

    good = rest.patch([guard, edit], kind="json")
    stale = rest.patch([guard, edit], kind="json")

    assert good.status_code == 200
    status, code, message = said(stale)
    assert (status, code) == (500, 2)
    assert message.startswith(
        "error applying patch: testing value /metadata/resourceVersion failed"
    )


@pytest.mark.parametrize(
    ("kind", "patch", "expected"),
    [("strategic", {}, (400, 3)), ("json", {}, (500, 2)), ("merge", {"spec": None}, (500, 2))],
)
def test_a_patch_that_cannot_be_is_refused(
    rest: RestCaller, kind: str, patch: object, expected: tuple[int, int]
) -> None:
    assert said(rest.patch(patch, kind=kind))[:2] == expected


def test_a_spec_with_a_repository_out_of_reach_is_invalid(site: Site, rest: RestCaller) -> None:
    site.settings.broken_repositories.add("https://broken.example/x.git")
    spec = {"source": {"repoURL": "https://broken.example/x.git"}}

    patched = rest.patch({"spec": spec})
    unchecked = {**site.app("guestbook")["spec"], "source": spec["source"]}
    put = rest.send("PUT", "/applications/guestbook/spec", unchecked, validate="false")

    status, code, message = said(patched)
    assert (status, code) == (400, 3)
    assert "application spec for guestbook is invalid: " in message
    assert put.json()["source"] == spec["source"]


def test_a_reader_can_neither_edit_nor_sync(site: Site, rest: RestCaller) -> None:
    rest.token = site.token_of("reader")

    denied = "permission denied: applications, {}, default/guestbook, sub: reader"
    assert said(rest.patch({})) == (403, 7, denied.format("update"))
    assert said(rest.sync()) == (403, 7, denied.format("sync"))


def test_a_sync_is_the_callers_and_clears_the_operation_before(
    site: Site, rest: RestCaller
) -> None:
    site.set("guestbook", {"status": {"operationState": {"phase": "Succeeded"}}})

    response = rest.sync(infos=INFOS)

    app = response.json()
    assert app["operation"]["initiatedBy"] == {"username": "promoter"}
    assert app["operation"]["info"] == INFOS
    assert "operationState" not in app["status"]
    assert [it.promotion for it in site.record.operations] == ["prod.01"]


def test_a_sync_takes_retries_and_options_from_the_spec(rest: RestCaller) -> None:
    policy = {"syncOptions": ["CreateNamespace=true"], "retry": {"limit": 2}}
    rest.patch({"spec": {"syncPolicy": policy}})

    operation = rest.sync().json()["operation"]

    assert operation["retry"] == {"limit": 2}
    assert operation["sync"]["syncOptions"] == ["CreateNamespace=true"]


def test_there_is_one_operation_at_a_time(site: Site, rest: RestCaller) -> None:
    rest.sync()

    pending = rest.sync()
    site.clock.advance(2)
    running = rest.sync()
    site.clock.advance(10)
    later = rest.sync()

    assert said(pending)[:2] == said(running)[:2] == (400, 9)
    assert "another operation is already in progress" in said(pending)[2]
    assert later.status_code == 200


def test_one_that_is_being_deleted_is_not_synced(site: Site, rest: RestCaller) -> None:
    site.set("guestbook", {"metadata": {"deletionTimestamp": site.clock.stamp()}})

    assert said(rest.sync()) == (400, 9, "application is deleting")


def test_a_revision_is_not_for_one_that_syncs_itself(rest: RestCaller) -> None:
    rest.patch({"spec": {"syncPolicy": {"automated": {}}}})

    response = rest.sync(revision="v9")

    assert said(response) == (400, 9, "Cannot sync to v9: auto-sync currently set to main")


def test_another_revision_takes_the_right_to_override(site: Site, rest: RestCaller) -> None:
    assert said(rest.sync(revision="v9"))[:2] == (403, 7)

    site.accounts.add("promoter", [*PROMOTER, Rule("applications", "override", "*")])

    assert rest.sync(revision="v9").json()["operation"]["sync"]["revision"] == "v9"


def test_source_positions_are_numbers_within_range(rest: RestCaller) -> None:
    assert said(rest.sync(revisions=["a"], sourcePositions=[2]))[:2] == (500, 2)
    assert said(rest.sync(revisions=["a"], sourcePositions=["1"]))[:2] == (400, 3)


def test_replacing_may_be_switched_off(site: Site, rest: RestCaller) -> None:
    site.settings.allows_replace = False

    response = rest.sync(syncOptions={"items": ["Replace=true"]})

    assert said(response)[:2] == (400, 9)
    assert "sync with replace was disabled" in said(response)[2]


@pytest.mark.parametrize(
    ("windows", "can_sync"),
    [
        ([DENY], False),
        ([{**DENY, "manualSync": True}], True),
        ([{**DENY, "manualSync": True}, DENY], False),
        ([{**DENY, "duration": "5m"}], True),
        ([{**DENY, "kind": "allow", "duration": "5m"}], False),
        ([{**DENY, "kind": "allow", "duration": "5m", "manualSync": True}], True),
        ([{**DENY, "kind": "allow"}], True),
        ([{**DENY, "applications": ["other"]}], True),
        ([{**DENY, "schedule": "50 10 * * *", "timeZone": "Europe/Berlin"}], False),
    ],
)
def test_windows_are_judged_for_a_person(
    windows: list[dict[str, object]], *, can_sync: bool
) -> None:
    with (
        argocd(apps=[application("guestbook")], projects=[project(syncWindows=windows)]) as site,
        httpx.Client() as client,
    ):
        rest = RestCaller(site, client, site.token)
        told = rest.get("/applications/guestbook/syncwindows", project="default").json()
        response = rest.sync()

    assert told["canSync"] is can_sync
    expected = None if can_sync else (403, 7, "cannot sync: blocked by sync window")
    assert (None if response.status_code == 200 else said(response)) == expected


def test_a_window_opens_with_time() -> None:
    with (
        argocd(apps=[application("guestbook")], projects=[project(syncWindows=[DENY])]) as site,
        httpx.Client() as client,
    ):
        rest = RestCaller(site, client, site.token)
        site.clock.advance(59)
        before = rest.sync().status_code
        site.clock.advance(1)

        assert (before, rest.sync().status_code) == (403, 200)


def test_a_broken_schedule_is_quoted() -> None:
    windows = [{**DENY, "schedule": "nonsense"}]
    with (
        argocd(apps=[application("guestbook")], projects=[project(syncWindows=windows)]) as site,
        httpx.Client() as client,
    ):
        rest = RestCaller(site, client, site.token)
        response, read = rest.sync(), rest.get("/applications/guestbook/syncwindows")

    assert said(read)[:2] == (500, 2)
    assert said(read)[2].startswith("invalid sync windows: cannot parse schedule")
    assert said(response)[:2] == (403, 7)
    assert said(response)[2].startswith("cannot sync: invalid sync window: cannot parse schedule")


def test_only_a_pending_operation_keeps_another_one_out(site: Site, rest: RestCaller) -> None:
    site.set("guestbook", {"status": {"operationState": {"phase": "Running"}}})
    terminated = rest.send("DELETE", "/applications/guestbook/operation", project="default")

    assert (rest.sync().status_code, terminated.status_code) == (200, 400)
    assert site.record.violations == ["overwrote a running operation of guestbook"]
    again = said(rest.sync())
    assert again[:2] == (400, 9)
    assert "another operation is already in progress" in again[2]


def test_what_runs_can_be_terminated_and_nothing_else(site: Site, rest: RestCaller) -> None:
    nothing = rest.send("DELETE", "/applications/guestbook/operation", project="default")
    rest.sync()
    site.clock.advance(2)
    ended = rest.send("DELETE", "/applications/guestbook/operation", project="default")
    site.clock.advance(2)

    text = "Unable to terminate operation. No operation is in progress"
    assert said(nothing) == (400, 3, text)
    assert ended.json() == {}
    state = site.app("guestbook")["status"]["operationState"]
    assert (state["phase"], state["message"]) == ("Failed", "Operation terminated")


def test_a_refresh_is_answered_when_it_is_done(site: Site, rest: RestCaller) -> None:
    site.clock.advance(5)

    app = rest.get("/applications/guestbook", project="default", refresh="hard").json()

    assert app["status"]["reconciledAt"] == "2026-01-10T10:00:05Z"
    assert [it.kind for it in site.record.writes] == ["refresh:hard"]


def test_a_refresh_that_takes_time_holds_its_caller_and_stays_asked_for(
    site: Site, rest: RestCaller
) -> None:
    site.controller.refresh_seconds = 5
    url = f"{site.rest_url}/api/v1/applications/guestbook"

    with pytest.raises(httpx.ReadTimeout):
        rest.client.get(
            url,
            params={"refresh": "hard"},
            headers={"Authorization": f"Bearer {site.token}"},
            timeout=0.2,
        )

    assert "argocd.argoproj.io/refresh" in site.app("guestbook")["metadata"]["annotations"]
    site.clock.advance(5)
    assert site.app("guestbook")["status"]["reconciledAt"] == "2026-01-10T10:00:05Z"
