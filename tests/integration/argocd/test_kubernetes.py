"""What only the Kubernetes API has: one patch for everything, pages, and no Argo CD at all."""

import json
from collections.abc import Iterator

import pytest

from common.jsontypes import JSONObject
from promotions.gateways.argocd import kubernetes
from promotions.ports.argocd import (
    Accepted,
    ArgoCDUnavailableError,
    Selection,
    Transport,
    WindowKind,
)
from tests.fakes.argocd import Fault, Settings, application, project
from tests.fakes.argocd.identities import PROMOTER_ROLE
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

    [sent] = [it for it in here.site.record.requests if it.is_write]
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

        [sent] = [it for it in here.site.record.requests if it.is_write]
        assert json.loads(sent.content)["status"] == {"operationState": None}
        assert here.site.app("guestbook")["status"].get("operationState") is None


def test_no_status_is_made_where_there_is_none() -> None:
    with world(Transport.KUBERNETES, apps=[application("guestbook")]) as here:
        app = here.plane.get(GUESTBOOK)
        assert "status" not in app.document

        here.plane.initiate(app, wanted())

        [sent] = [it for it in here.site.record.requests if it.is_write]
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


def test_a_cluster_without_argo_cd_is_not_a_missing_application() -> None:
    with world(Transport.KUBERNETES, settings=Settings(has_crds=False)) as here:
        with pytest.raises(ArgoCDUnavailableError, match="that Argo CD is installed") as caught:
            here.plane.get(GUESTBOOK)
        assert caught.value.retryable


def test_windows_are_those_of_the_project_and_which_are_active_is_not_known() -> None:
    windows = [
        {"kind": "deny", "schedule": "* * * * *", "duration": "1h", "applications": ["guest*"]},
        {"kind": "allow", "schedule": "* * * * *", "duration": "1h", "applications": ["other"]},
        {
            "kind": "deny",
            "schedule": "* * * * *",
            "duration": "1h",
            "andOperator": True,
            "applications": ["guestbook"],
            "namespaces": ["elsewhere"],
        },
    ]
    with world(Transport.KUBERNETES, projects=[project(syncWindows=windows)]) as here:
        app = here.plane.get(GUESTBOOK)
        found = here.plane.sync_windows(app)

        assert [it.kind for it in found.assigned] == [WindowKind.DENY]
        assert found.permits(automated=True) is None
        # They are for the controller to heed.
        assert isinstance(here.plane.initiate(app, wanted(automated=True)), Accepted)
