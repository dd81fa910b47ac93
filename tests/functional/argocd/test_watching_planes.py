"""Which Argo CDs are listened to, as control planes come, go and change under a listener."""

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from uuid import UUID, uuid4

import pytest
from django.core.management import call_command

from common.errors import ConflictError
from projects.models import ControlPlane
from promotions import wiring
from promotions.manifests.control_plane import Credential
from promotions.models import Work, WorkKind
from promotions.ports.argocd import ArgoCD, ArgoCDUnauthorizedError, ArgoCDUnavailableError
from promotions.reconcilers.application_changes import PlaneKey
from promotions.reconcilers.application_watch import ApplicationWatch, WatchedPlane
from promotions.services.control_planes import delete_control_plane, rotate_control_plane
from tests.factories.domain import NOON
from tests.fakes.argocd import Site, application, argocd
from tests.functional.argocd.conftest import Ground
from tests.functional.argocd.test_watching import until
from tests.functional.control_planes.scenes import ROOT, register

pytestmark = pytest.mark.django_db


@pytest.fixture
def watch() -> Iterator[ApplicationWatch]:
    """A listener for the default shard, which stops when the test does."""
    listener = wiring.application_watch("default")
    yield listener
    listener.run(keep_going=lambda: False)


def tokens_of_streams(site: Site) -> list[str]:
    streams = [it for it in site.record.requests if dict(it.query).get("watch")]
    return [it.token for it in [*streams, *site.record.sent("GET", "/stream/applications")]]


def test_a_control_plane_that_is_added_is_listened_to_and_one_that_is_deleted_no_longer(
    ground: Ground, watch: ApplicationWatch
) -> None:
    with argocd(apps=[application("api")]) as other:
        watch.keep_up()
        until(lambda: bool(ground.site.streams.opened))

        register(
            ground.world.project.tenant,
            "second",
            address=other.rest_url,
            credential={"token": other.token},
            projects=["another"],
        )
        delete_control_plane(ground.plane, actor=ROOT, now=NOON)
        watch.keep_up()

        assert until(lambda: bool(other.streams.opened))
        key = PlaneKey(ground.plane.tenant.uid, "", ("another",))
        assert [it.key for it in watch._running] == [key]
        other.streams.close_all()
    ground.site.streams.close_all()


def test_a_rotated_token_is_listened_with_at_once_and_without_a_restart(
    ground: Ground, watch: ApplicationWatch
) -> None:
    site = ground.site
    fresh = site.token_of("promoter", expires_in=3600)
    watch.keep_up()
    until(lambda: bool(tokens_of_streams(site)))

    rotate_control_plane(ground.plane, Credential(token=fresh), actor=ROOT, now=NOON)
    is_rest = ground.plane.spec["kind"] == "rest"
    if is_rest:
        site.accounts.revoke(site.token)
    watch.keep_up()
    until(lambda: len(site.streams.opened) == 2)

    assert len(watch._running) == 1
    assert tokens_of_streams(site)[-1] == (fresh if is_rest else site.kubernetes_token)
    site.streams.close_all()


def test_a_control_plane_of_another_shard_is_not_listened_to_and_that_is_told(
    ground: Ground, caplog: pytest.LogCaptureFixture
) -> None:
    listener = wiring.application_watch("no such shard")

    for _ in range(3):
        listener.keep_up()

    told = [it for it in caplog.records if it.message == "no control plane to listen to"]
    assert [it.__dict__["shard"] for it in told] == ["no such shard"]
    assert ground.site.streams.opened == []


def test_a_listener_ends_with_the_worker_that_started_it() -> None:
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    nobody = os.getpid()  # which is not the parent of this process
    try:
        call_command("watch_applications", shard="default", supervisor_pid=nobody)
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)

    assert not [it for it in threading.enumerate() if it.name.startswith("watch-")]


def plane(open_: Callable[[], ArgoCD], *, uid: UUID | None = None) -> WatchedPlane:
    return WatchedPlane(str(uid or uuid4()), "1", PlaneKey(uuid4(), ""), open_)


class Listing:
    """Counts how often it is listed, and fails at it."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.count = 0

    def list(self, _selection: object) -> object:
        self.count += 1
        raise self.error


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_listener_that_died_is_replaced_at_the_next_look() -> None:
    mortal = Listing(RuntimeError("a mistake of ours"))
    wanted = [plane(lambda: mortal)]  # type: ignore[arg-type,return-value] # only what is asked
    listener = ApplicationWatch("default", lambda _shard: wanted)

    for _ in range(2):
        listener.keep_up()
        until(lambda: not any(it.thread.is_alive() for it in listener._running.values()))

    assert mortal.count == 2
    listener.run(keep_going=lambda: False)


def test_one_that_cannot_be_opened_is_told_of_once_and_keeps_nobody_else_from_being_heard(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse() -> ArgoCD:
        raise ConflictError("it has no credential")

    other = Listing(ArgoCDUnavailableError("it does not answer"))
    wanted = [plane(refuse), plane(lambda: other)]  # type: ignore[arg-type,return-value] # as above
    listener = ApplicationWatch("default", lambda _shard: wanted)

    with caplog.at_level(logging.WARNING):
        listener.keep_up()
        listener.keep_up()

    told = [it for it in caplog.records if it.message == "control plane not watched"]
    assert [it.__dict__["reason"] for it in told] == ["it has no credential"]
    assert until(lambda: other.count > 0)
    listener.run(keep_going=lambda: False)


def test_one_that_refuses_us_is_checked_at_once(ground: Ground) -> None:
    found = ControlPlane.objects.get(pk=ground.plane.pk)
    Work.objects.filter(kind=WorkKind.CONTROL_PLANE).update(due_at=None)
    refusing = Listing(ArgoCDUnauthorizedError("the token is refused", status=401))
    wanted = [plane(lambda: refusing, uid=found.uid)]  # type: ignore[arg-type,return-value] # as above
    listener = ApplicationWatch("default", lambda _shard: wanted)

    listener.keep_up()
    until(lambda: not listener._doubted.empty())
    listener.have_planes_checked()

    assert Work.objects.get(uid=found.uid).due_at is not None
    listener.run(keep_going=lambda: False)
