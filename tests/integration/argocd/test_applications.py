"""Reading, refreshing and syncing applications is the same over both transports."""

import pytest

from common.errors import InvalidError
from promotions.engine.argocd.selectors import selector_of
from promotions.ports.argocd import (
    Accepted,
    AlreadyInProgress,
    AppRef,
    ArgoCDForbiddenError,
    ArgoCDNotFoundError,
    ArgoCDUnauthorizedError,
    Conflict,
    NothingRunning,
    Refused,
    Selection,
    Transport,
)
from tests.fakes.argocd import application
from tests.fakes.argocd.store import APPLICATIONS, Document, Key
from tests.integration.argocd.worlds import GUESTBOOK, World, wanted, world

SOURCES: list[Document] = [
    {"repoURL": "https://git.example/cfg.git", "path": "prod", "targetRevision": "main"},
    {
        "repoURL": "https://charts.example",
        "chart": "web",
        "targetRevision": "1.4.0",
        "helm": {"parameters": [{"name": "a", "value": "1", "forceString": True}]},
        "madeUpLater": {"kept": True},
    },
]


def test_an_application_is_read_whole(here: World) -> None:
    app = here.plane.get(GUESTBOOK)

    assert (app.name, app.namespace) == ("guestbook", "argocd")
    assert app.annotations["kargo.akuity.io/authorized-stage"] == "shop:prod"
    assert app.resource_version == here.site.app("guestbook")["metadata"]["resourceVersion"]


def test_without_a_namespace_the_default_one_is_meant(here: World) -> None:
    assert here.plane.get(AppRef("", "guestbook", "default")).namespace == "argocd"


def test_a_missing_application_is_not_found(here: World) -> None:
    with pytest.raises(ArgoCDNotFoundError, match='the Application "nothing" in namespace'):
        here.plane.get(AppRef("argocd", "nothing", "default"))


def test_an_application_of_another_project_is_not_found(here: World) -> None:
    with pytest.raises((ArgoCDNotFoundError, ArgoCDForbiddenError)):
        here.plane.get(AppRef("argocd", "guestbook", "other"))


@pytest.mark.parametrize("name", ["", "..", "a/b", "A", "x" * 300, "a?b", "a%2fb"])
def test_what_cannot_be_a_name_is_never_sent(here: World, name: str) -> None:
    with pytest.raises(InvalidError):
        here.plane.get(AppRef("argocd", name, "default"))

    assert here.requests() == 0


def test_a_right_that_is_missing_is_said_in_words(here: World) -> None:
    here.rights("list")

    with pytest.raises(ArgoCDForbiddenError, match="check the account's rights"):
        here.plane.get(GUESTBOOK)


def test_a_revoked_token_is_not_tried_again_and_again(here: World) -> None:
    here.revoke()

    with pytest.raises(ArgoCDUnauthorizedError, match="set a new one"):
        here.plane.get(GUESTBOOK)

    assert here.requests() == 1


def test_a_sync_is_accepted_once_and_carries_the_marks(here: World) -> None:
    outcome = here.plane.initiate(here.plane.get(GUESTBOOK), wanted(attempt=2))

    assert isinstance(outcome, Accepted)
    [operation] = here.site.record.operations
    assert (operation.promotion, operation.attempt) == ("prod.01abc", "2")
    assert "spec" not in [it.kind for it in here.site.record.writes]


def test_the_operation_takes_over_retries_and_options_of_the_spec(transport: Transport) -> None:
    policy = {"retry": {"limit": 2}, "syncOptions": ["CreateNamespace=true"]}
    apps = [application("guestbook", spec={"syncPolicy": policy})]
    with world(transport, apps=apps) as here:
        here.plane.initiate(here.plane.get(GUESTBOOK), wanted())

        [accepted] = here.site.record.operations
        assert accepted.operation["retry"] == {"limit": 2}
        assert accepted.operation["sync"]["syncOptions"] == ["CreateNamespace=true"]


def test_the_marks_are_read_back(here: World) -> None:
    here.plane.initiate(here.plane.get(GUESTBOOK), wanted())
    here.site.clock.advance(2)

    state = here.plane.get(GUESTBOOK).state
    assert state is not None
    assert state.request.infos["kargo.akuity.io/promotion"] == "prod.01abc"


def test_who_wants_it_is_noted(here: World) -> None:
    here.plane.initiate(here.plane.get(GUESTBOOK), wanted(actor="email:kim@example.org"))

    [accepted] = here.site.record.operations
    info = {it["name"]: it["value"] for it in accepted.operation["info"]}
    assert info["promoter/actor"] == "email:kim@example.org"


def test_an_edit_keeps_fields_that_nobody_knows(transport: Transport) -> None:
    with world(transport, apps=[application("guestbook", sources=SOURCES)]) as here:
        app = here.plane.get(GUESTBOOK)
        git, chart = app.sources

        outcome = here.plane.initiate(app, wanted(sources=({**git, "targetRevision": "v2"}, chart)))

        assert isinstance(outcome, Accepted)
        stored = here.site.app("guestbook")["spec"]["sources"]
        assert stored == [{**SOURCES[0], "targetRevision": "v2"}, SOURCES[1]]
        assert here.operations() == 1


def test_a_single_source_stays_a_single_source(here: World) -> None:
    app = here.plane.get(GUESTBOOK)

    here.plane.initiate(app, wanted(sources=({**app.sources[0], "targetRevision": "v2"},)))

    spec = here.site.app("guestbook")["spec"]
    assert spec["source"]["targetRevision"] == "v2"
    assert "sources" not in spec


def test_sources_that_are_so_already_are_not_written(here: World) -> None:
    app = here.plane.get(GUESTBOOK)

    here.plane.initiate(app, wanted(sources=app.sources))

    assert [it.kind for it in here.site.record.writes if it.kind == "spec"] == []
    assert here.operations() == 1


def test_an_edit_of_what_changed_meanwhile_is_a_conflict_and_changes_nothing(here: World) -> None:
    app = here.plane.get(GUESTBOOK)
    here.site.set("guestbook", {"metadata": {"annotations": {"note": "somebody else"}}})

    edited = ({**app.sources[0], "targetRevision": "v2"},)
    outcome = here.plane.initiate(app, wanted(sources=edited))

    assert isinstance(outcome, Conflict)
    assert here.operations() == 0
    assert here.site.app("guestbook")["spec"]["source"]["targetRevision"] == "main"


def test_nothing_is_asked_of_an_application_that_is_busy(here: World) -> None:
    here.plane.initiate(here.plane.get(GUESTBOOK), wanted())
    here.site.clock.advance(2)
    sent = len(here.site.record.writes)

    outcome = here.plane.initiate(here.plane.get(GUESTBOOK), wanted("prod.other"))

    assert isinstance(outcome, AlreadyInProgress)
    assert len(here.site.record.writes) == sent
    assert here.site.record.violations == []


def test_somebody_who_was_faster_is_seen_in_the_answer(here: World) -> None:
    app = here.plane.get(GUESTBOOK)
    here.plane.initiate(here.plane.get(GUESTBOOK), wanted("prod.faster"))

    outcome = here.plane.initiate(app, wanted("prod.slower"))

    assert isinstance(outcome, AlreadyInProgress | Conflict)
    assert [it.promotion for it in here.site.record.operations] == ["prod.faster"]


def test_nothing_is_asked_of_an_application_that_is_being_deleted(here: World) -> None:
    here.site.set("guestbook", {"metadata": {"deletionTimestamp": "2026-01-10T10:00:00Z"}})

    outcome = here.plane.initiate(here.plane.get(GUESTBOOK), wanted())

    assert isinstance(outcome, Refused)
    assert "being deleted" in outcome.message
    assert here.operations() == 0


@pytest.mark.parametrize("automated", [False, True])
def test_an_application_that_is_gone_by_now_is_refused(here: World, *, automated: bool) -> None:
    app = here.plane.get(GUESTBOOK)
    here.site.store.remove(Key(APPLICATIONS, "argocd", "guestbook"))

    outcome = here.plane.initiate(app, wanted(automated=automated))

    assert isinstance(outcome, Refused)


def test_a_missing_right_to_sync_is_final(here: World) -> None:
    app = here.plane.get(GUESTBOOK)
    here.rights("get", "list")

    outcome = here.plane.initiate(app, wanted())

    assert isinstance(outcome, Refused)
    assert outcome.status == 403


def test_a_running_operation_is_terminated(here: World) -> None:
    here.plane.initiate(here.plane.get(GUESTBOOK), wanted())
    here.site.clock.advance(2)

    outcome = here.plane.terminate(here.plane.get(GUESTBOOK))

    assert isinstance(outcome, Accepted)
    assert here.site.app("guestbook")["status"]["operationState"]["phase"] in {
        "Terminating",
        "Failed",
    }


def test_there_may_be_nothing_to_terminate(here: World) -> None:
    assert here.plane.terminate(here.plane.get(GUESTBOOK)) == NothingRunning()


def test_a_refresh_is_asked_for(here: World) -> None:
    here.plane.refresh(GUESTBOOK, hard=True)
    here.plane.refresh(GUESTBOOK)

    assert len(here.site.record.refreshes("hard")) == 1
    assert len(here.site.record.refreshes("normal")) == 1


def test_a_hard_refresh_is_asked_for_once_in_thirty_seconds(here: World) -> None:
    first = here.plane.refresh(GUESTBOOK, hard=True)
    second = here.plane.refresh(GUESTBOOK, hard=True)
    here.ticks.at += 31
    third = here.plane.refresh(GUESTBOOK, hard=True)

    assert (first, second, third) == (True, False, True)
    assert len(here.site.record.refreshes("hard")) == 2


def test_a_hard_refresh_that_did_not_happen_does_not_count(here: World) -> None:
    here.rights("list")
    with pytest.raises(ArgoCDForbiddenError):
        here.plane.refresh(GUESTBOOK, hard=True)
    here.rights("get", "patch")

    assert here.plane.refresh(GUESTBOOK, hard=True)
    assert len(here.site.record.refreshes("hard")) == 1


def test_applications_are_listed_in_order_by_their_labels(transport: Transport) -> None:
    apps = [
        application(name, labels={"tier": tier})
        for name, tier in (("c", "web"), ("a", "web"), ("b", "db"))
    ]
    selector = selector_of({"matchLabels": {"tier": "web"}})
    with world(transport, apps=apps) as here:
        found = here.plane.list(Selection(selector=selector))

    assert [it.name for it in found.items] == ["a", "c"]
    assert found.resource_version


def test_applications_are_listed_by_namespace_and_project(transport: Transport) -> None:
    apps = [application("a"), application("b", project="other")]
    with world(transport, apps=apps) as here:
        found = here.plane.list(Selection(namespace="argocd", projects=("default",)))
        nothing = here.plane.list(Selection(namespace="elsewhere"))

    assert [it.name for it in found.items] == ["a"]
    assert nothing.items == ()


def test_a_list_leaves_out_what_nobody_decides_on(transport: Transport) -> None:
    status = {"health": {"status": "Healthy"}, "resources": [{"kind": "Pod"}], "history": [{}]}
    with world(transport, apps=[application("a", status=status)]) as here:
        [app] = here.plane.list(Selection()).items

    assert app.health == "Healthy"
    assert "resources" not in app.document["status"]  # type: ignore[operator]  # it is an object
