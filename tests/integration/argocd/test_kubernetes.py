"""What only the Kubernetes API has: one patch for everything, pages, and no Argo CD at all."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from common.jsontypes import JSONObject
from promotions.gateways.argocd import kubernetes
from promotions.ports.argocd import (
    Accepted,
    AppRef,
    ArgoCDUnavailableError,
    BlockedByWindow,
    Conflict,
    Refused,
    Selection,
    Transport,
    WindowKind,
)
from tests.fakes.argocd import Fault, Settings, application, project
from tests.fakes.argocd.identities import PROMOTER_ROLE
from tests.fakes.argocd.kubernetes.answers import too_many
from tests.fakes.argocd.store import EVENTS, Document
from tests.integration.argocd.worlds import GUESTBOOK, World, wanted, world

GONE: JSONObject = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"}
OPERATED = {
    "reconciledAt": "2026-01-10T09:00:00Z",
    "operationState": {"phase": "Failed", "message": "old", "syncResult": {"revision": "a"}},
}


@pytest.fixture
def here() -> Iterator[World]:
    with world(Transport.KUBERNETES) as made:
        yield made


def test_everything_is_one_patch_that_holds_the_version_it_was_decided_on(here: World) -> None:
    app = here.plane.get(GUESTBOOK)
    sources = ({**app.sources[0], "targetRevision": "v2"},)

    here.plane.initiate(app, wanted(sources=sources, actor="email:kim@example.org"))

    [sent] = here.site.record.sent("PATCH", "/applications/")
    patch = json.loads(sent.content)
    assert patch["metadata"]["resourceVersion"] == app.resource_version
    assert patch["metadata"]["annotations"] == {"argocd.argoproj.io/refresh": "hard"}
    assert patch["spec"]["source"]["targetRevision"] == "v2"
    assert patch["operation"]["initiatedBy"] == {
        "username": "email:kim@example.org",
        "automated": False,
    }
    assert ("fieldManager", "promoter") in sent.query


def test_nobody_in_particular_is_the_controller(here: World) -> None:
    here.plane.initiate(here.plane.get(GUESTBOOK), wanted(automated=True))

    [accepted] = here.site.record.operations
    assert accepted.operation["initiatedBy"] == {"username": "kargo-controller", "automated": True}


def test_the_state_of_the_last_operation_is_emptied_if_there_is_a_status() -> None:
    with world(Transport.KUBERNETES, apps=[application("guestbook", status=OPERATED)]) as here:
        here.plane.initiate(here.plane.get(GUESTBOOK), wanted())

        [sent] = here.site.record.sent("PATCH", "/applications/")
        assert json.loads(sent.content)["status"] == {"operationState": None}
        assert here.site.app("guestbook")["status"].get("operationState") is None


def test_no_status_is_made_where_there_is_none() -> None:
    with world(Transport.KUBERNETES, apps=[application("guestbook")]) as here:
        app = here.plane.get(GUESTBOOK)
        assert "status" not in app.document

        here.plane.initiate(app, wanted())

        [sent] = here.site.record.sent("PATCH", "/applications/")
        assert "status" not in json.loads(sent.content)


def test_a_list_comes_in_pages(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubernetes, "PAGE_SIZE", 2)
    for name in "abcd":
        here.site.store.add("applications", application(name))

    found = here.plane.list(Selection())

    assert [it.name for it in found.items] == ["a", "b", "c", "d", "guestbook"]
    assert len(here.site.record.sent("GET", "/applications")) == 3


def test_a_list_whose_snapshot_is_gone_begins_anew(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kubernetes, "PAGE_SIZE", 1)
    here.site.store.add("applications", application("other"))
    here.site.fail(Fault("GET", status=410, body=GONE))

    assert len(here.plane.list(Selection()).items) == 2


def test_a_list_that_never_holds_is_given_up(here: World) -> None:
    here.site.fail(Fault("GET", status=410, body=GONE, times=9))

    with pytest.raises(ArgoCDUnavailableError, match="forgets its list"):
        here.plane.list(Selection())


def test_an_account_of_one_namespace_lists_and_watches_that(here: World) -> None:
    role = [grant._replace(namespace="argocd") for grant in PROMOTER_ROLE]
    here.site.identities.add("promoter", role)

    found = here.plane.list(Selection())

    assert [it.name for it in found.items] == ["guestbook"]
    with here.plane.watch(Selection(), resource_version=found.resource_version) as events:
        here.site.set("guestbook", {"status": {"health": {"status": "Degraded"}}})
        assert next(events).application is not None


def test_an_account_that_comes_to_see_the_whole_cluster_lists_it(here: World) -> None:
    here.site.store.add("applications", application("other", namespace="team"))
    here.site.identities.add("promoter", [it._replace(namespace="argocd") for it in PROMOTER_ROLE])
    before = here.plane.list(Selection())
    here.site.identities.add("promoter", PROMOTER_ROLE)
    at_once = here.plane.list(Selection())
    here.site.clock.advance(3601)
    later = here.plane.list(Selection())

    assert [len(it.items) for it in (before, at_once, later)] == [1, 1, 2]


def test_a_cluster_without_argo_cd_is_not_a_missing_application() -> None:
    with world(Transport.KUBERNETES, settings=Settings(has_crds=False)) as here:
        with pytest.raises(ArgoCDUnavailableError, match="that Argo CD is installed") as caught:
            here.plane.get(GUESTBOOK)
        assert caught.value.retryable


WINDOW = {"kind": "deny", "schedule": "50 9 * * *", "duration": "1h", "applications": ["*"]}
ALLOW = {**WINDOW, "kind": "allow"}
LATER = {"schedule": "0 12 * * *"}


def test_windows_are_those_of_the_project_that_concern_it() -> None:
    windows = [
        {**WINDOW, "applications": ["guest*"], "timeZone": "UTC"},
        {**ALLOW, "applications": ["other"]},
        {**WINDOW, "andOperator": True, "namespaces": ["elsewhere"]},
        {**ALLOW, **LATER},
        {**WINDOW, "kind": "Deny"},
    ]
    with world(Transport.KUBERNETES, projects=[project(syncWindows=windows)]) as here:
        found = here.plane.sync_windows(here.plane.get(GUESTBOOK))

    assert [it.kind for it in found.assigned] == [WindowKind.DENY, WindowKind.ALLOW]
    assert found.active == found.assigned[:1]


@pytest.mark.parametrize(
    ("windows", "automatic", "manual"),
    [
        ([WINDOW], False, False),
        ([{**WINDOW, "manualSync": True}], False, True),
        ([{**WINDOW, "manualSync": True}, WINDOW], False, False),
        ([WINDOW, ALLOW], False, False),
        ([ALLOW], True, True),
        ([{**ALLOW, **LATER}], False, False),
        ([{**ALLOW, **LATER, "manualSync": True}], False, True),
        ([{**ALLOW, **LATER}, ALLOW], True, True),
        ([{**WINDOW, **LATER}], True, True),
        ([{**WINDOW, "schedule": "50 10 * * *", "timeZone": "Europe/Berlin"}], False, False),
    ],
)
def test_a_window_that_forbids_it_holds_an_operation_back(
    windows: list[JSONObject], *, automatic: bool, manual: bool
) -> None:
    for automated, is_let in ((True, automatic), (False, manual)):
        with world(Transport.KUBERNETES, projects=[project(syncWindows=windows)]) as here:
            outcome = here.plane.initiate(here.plane.get(GUESTBOOK), wanted(automated=automated))

            assert isinstance(outcome, Accepted if is_let else BlockedByWindow)
            assert here.operations() == int(is_let)
            if isinstance(outcome, BlockedByWindow):
                assert outcome.message.endswith("cannot be synced now: blocked by sync window")


def test_an_operation_that_a_window_held_back_begins_once_it_is_over() -> None:
    with world(Transport.KUBERNETES, projects=[project(syncWindows=[WINDOW])]) as here:
        before = here.plane.initiate(here.plane.get(GUESTBOOK), wanted())
        here.site.clock.advance(50 * 60)
        after = here.plane.initiate(here.plane.get(GUESTBOOK), wanted())

    assert (type(before), type(after)) == (BlockedByWindow, Accepted)


def test_a_window_that_cannot_be_understood_is_refused_and_quoted() -> None:
    windows = [{**WINDOW, "schedule": "60 * * * *"}]
    with world(Transport.KUBERNETES, projects=[project(syncWindows=windows)]) as here:
        outcome = here.plane.initiate(here.plane.get(GUESTBOOK), wanted())

        assert isinstance(outcome, Refused)
        assert (
            "cannot be synced: invalid sync window: cannot parse schedule '60 * * * *': "
            "end of range (60) above maximum (59): 60. Correct it in the AppProject"
        ) in outcome.message
        assert here.operations() == 0


@pytest.mark.parametrize("is_there", [True, False])
def test_windows_that_may_not_be_read_are_left_to_the_controller(*, is_there: bool) -> None:
    name = "default" if is_there else "other"
    with world(
        Transport.KUBERNETES,
        apps=[application("guestbook", project=name)],
        projects=[project(syncWindows=[WINDOW])],
    ) as here:
        if is_there:
            here.rights("get", "patch")
        app = here.plane.get(AppRef("argocd", "guestbook"))

        assert isinstance(here.plane.initiate(app, wanted()), Accepted)


def _events(here: World) -> list[Document]:
    return here.site.store.all(EVENTS)


def test_a_sync_that_is_started_is_noted_as_an_event(here: World) -> None:
    here.plane.initiate(here.plane.get(GUESTBOOK), wanted(actor="email:kim@example.org"))

    [event] = _events(here)
    app = here.site.app("guestbook")
    assert event["reason"] == "OperationStarted"
    assert event["message"] == "email:kim@example.org initiated sync to main"
    assert (event["type"], event["count"]) == ("Normal", 1)
    assert event["involvedObject"] == {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "namespace": "argocd",
        "name": "guestbook",
        "uid": app["metadata"]["uid"],
        "resourceVersion": app["metadata"]["resourceVersion"],
    }
    assert event["firstTimestamp"] == event["lastTimestamp"] == "2026-01-10T10:00:00Z"


def test_the_event_of_many_sources_counts_them() -> None:
    sources: list[Document] = [{"repoURL": f"https://git.example/{it}.git"} for it in "ab"]
    with world(Transport.KUBERNETES, apps=[application("guestbook", sources=sources)]) as here:
        here.plane.initiate(here.plane.get(GUESTBOOK), wanted())

        assert _events(here)[0]["message"] == "kargo-controller initiated sync to 2 sources"


def test_the_event_of_a_long_name_has_a_name_that_fits() -> None:
    name = "a" * 253
    with world(Transport.KUBERNETES, apps=[application(name)]) as here:
        here.plane.initiate(here.plane.get(AppRef("argocd", name)), wanted())

        assert len(_events(here)[0]["metadata"]["name"]) <= 253


@pytest.mark.parametrize(
    "fault",
    [
        Fault("POST", "/events$", is_reset=True),
        Fault("POST", "/events$", status=500, body=b"oops"),
        Fault("POST", "/events$", status=429, body=b"busy", headers=(("Retry-After", "7"),)),
        Fault("POST", "/events$", status=401, body=b""),
        Fault("POST", "/events$", status=200, body=b"<html>"),
    ],
    ids=["reset", "500", "429", "401", "page"],
)
def test_an_event_that_cannot_be_written_changes_nothing(here: World, fault: Fault) -> None:
    here.site.fail(replace(fault))

    outcome = here.plane.initiate(here.plane.get(GUESTBOOK), wanted())

    assert isinstance(outcome, Accepted)
    assert _events(here) == []


def test_events_that_are_forbidden_are_not_tried_again_for_an_hour(here: World) -> None:
    here.rights("get", "patch")
    for promotion, minutes in (("a.1", 1), ("a.2", 60), ("a.3", 0)):
        outcome = here.plane.initiate(here.plane.get(GUESTBOOK), wanted(promotion))
        assert isinstance(outcome, Accepted)
        here.site.clock.advance(minutes * 60 + 30)

    assert len(here.site.record.sent("POST", "/events")) == 2


def test_no_event_tells_of_an_operation_that_was_not_accepted(here: World) -> None:
    app = here.plane.get(GUESTBOOK)
    here.site.set("guestbook", {"metadata": {"labels": {"x": "y"}}})

    assert isinstance(here.plane.initiate(app, wanted()), Conflict)
    assert _events(here) == []


def test_what_is_written_is_what_the_definition_of_an_application_knows(here: World) -> None:
    here.plane.initiate(here.plane.get(GUESTBOOK), wanted(actor="kim"))

    [sent] = here.site.record.sent("PATCH", "/applications/")
    assert here.site.app("guestbook")["operation"] == json.loads(sent.content)["operation"]


def test_a_version_that_the_server_has_not_seen_begins_anew_with_a_list(here: World) -> None:
    watching = here.plane.watch(Selection(), resource_version="999999999")

    refused = pytest.raises(ArgoCDUnavailableError, match="Too large resource version")
    with refused as caught, watching as events:
        list(events)
    assert caught.value.retryable


def test_too_many_requests_are_obeyed_though_they_are_no_status(here: World) -> None:
    reply = too_many(retry_after=1)
    here.site.fail(Fault("GET", status=429, body=reply.raw, headers=reply.headers))

    assert here.plane.get(GUESTBOOK).name == "guestbook"
    assert here.ticks.slept[0] >= 1
