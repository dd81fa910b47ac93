"""What Argo CD's streams tell makes Stages due, and what they do not tell is found by listing."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from threading import Thread
from typing import TypeVar

import pytest

from common.clock import now as read_clock
from promotions import wiring
from promotions.engine.argocd.addressed import AddressedApp
from promotions.models import AddressedApplication, Stage, Work
from promotions.reconcilers.application_changes import Changes, PlaneKey
from promotions.reconcilers.application_watch import ApplicationWatch
from promotions.reconcilers.plane_watch import PlaneWatch
from promotions.services.application_index import mark_due
from promotions.services.control_planes import disable_control_plane
from tests.factories.domain import NOON, make_project, make_stage, make_tenant
from tests.fakes.argocd import Site, application
from tests.fakes.argocd.store import APPLICATIONS, Key
from tests.functional.argocd.conftest import Ground
from tests.functional.control_planes.scenes import ROOT

pytestmark = pytest.mark.django_db

T = TypeVar("T")

WEB = AddressedApp("argocd", "web")


@pytest.fixture
def watch(ground: Ground) -> Iterator[ApplicationWatch]:
    """A listener for the default shard, and Stage ``prod`` that depends on ``web``."""
    listener = wiring.application_watch("default")
    yield listener
    listener.run(keep_going=lambda: False)
    ground.site.streams.close_all()


def depend(stage: Stage, app: AddressedApp = WEB) -> Stage:
    AddressedApplication.objects.create(
        stage=stage,
        tenant_uid=stage.project.tenant.uid,
        namespace=app.namespace,
        name=app.name,
    )
    Work.objects.filter(uid=stage.uid).update(due_at=None)
    return stage


def is_due(stage: Stage) -> bool:
    return Work.objects.filter(uid=stage.uid, due_at__isnull=False).exists()


def settle(watch: ApplicationWatch, site: Site) -> None:
    """Take in what the first list told, and wait for the stream."""
    watch.keep_up()
    until(lambda: bool(site.streams.opened))
    while watch.store_changes(seconds=0.5):
        Work.objects.update(due_at=None)
    Work.objects.update(due_at=None)


def test_a_change_of_health_makes_the_stage_due_within_two_seconds(
    ground: Ground, watch: ApplicationWatch
) -> None:
    stage = depend(ground.stage())
    settle(watch, ground.site)

    ground.site.set("web", {"status": {"health": {"status": "Degraded"}}})
    due = watch.store_changes(seconds=2)

    assert (due, is_due(stage)) == (1, True)


def test_a_refresh_that_finds_nothing_new_makes_nothing_due(
    ground: Ground, watch: ApplicationWatch
) -> None:
    stage = depend(ground.stage())
    settle(watch, ground.site)

    ground.site.set("web", {"status": {"reconciledAt": ground.site.clock.stamp(50)}})
    watch.store_changes(seconds=0.3)

    assert not is_due(stage)


def test_a_running_promotion_is_made_due_in_its_stages_place(
    ground: Ground, watch: ApplicationWatch
) -> None:
    stage = ground.stage()
    promotion = ground.promoted(stage)
    settle(watch, ground.site)

    ground.site.clock.advance(10)
    watch.store_changes(seconds=2)

    assert not is_due(stage)
    assert Work.objects.get(uid=promotion.uid).due_at is not None


def test_a_control_plane_that_is_switched_off_is_listened_to_no_longer(
    ground: Ground, watch: ApplicationWatch
) -> None:
    settle(watch, ground.site)
    opened = len(ground.site.streams.opened)

    disable_control_plane(ground.plane, actor=ROOT, now=NOON)
    watch.keep_up()

    assert opened == 1
    assert watch._running == {}  # there is nothing else to see it by


@pytest.mark.parametrize("lost", ["change", "deletion", "end"])
def test_what_a_stream_does_not_tell_the_next_list_does(ground: Ground, lost: str) -> None:
    site, changes = ground.site, Changes()
    site.store.add(APPLICATIONS, application("late"))
    key = PlaneKey(ground.plane.tenant.uid, "")
    plane = PlaneWatch(
        wiring.control_planes().argocd_of(ground.plane),
        partial(changes.add, key),
        relist_every=timedelta(seconds=0.1),
    )
    thread = Thread(target=plane.run, daemon=True)
    thread.start()
    listed = changes.take(seconds=5)
    until(lambda: bool(site.streams.opened))

    site.streams.dropped = 1
    if lost == "deletion":
        site.store.remove(Key(APPLICATIONS, "argocd", "late"))
    else:
        site.set("web", {"status": {"health": {"status": "Degraded"}}})
    if lost == "end":
        site.streams.close_all()
    told = until(lambda: after(70, site, lambda: changes.take(seconds=0.2)))
    plane.stop.set()
    site.streams.close_all()
    until(lambda: after(70, site, lambda: not thread.is_alive()))

    assert listed == {key: {WEB, LATE}}
    assert told == {key: {LATE if lost == "deletion" else WEB}}


LATE = AddressedApp("argocd", "late")


def after(seconds: float, site: Site, look: Callable[[], T]) -> T:
    """Let Argo CD's time pass, in which its streams show that they live; then look."""
    site.clock.advance(seconds)
    return look()


def until(look: Callable[[], T]) -> T:
    """Return what a look finds, once it finds anything."""
    ends = time.monotonic() + 10
    while not (found := look()) and time.monotonic() < ends:
        time.sleep(0.05)
    return found


def test_only_stages_of_the_tenant_and_the_shard_are_made_due(ground: Ground) -> None:
    here = depend(ground.stage())
    elsewhere = depend(ground.world.stage("far", shard="far"))
    stranger = depend(make_stage(make_project("other", tenant=make_tenant("other")), "prod"))

    due = mark_due(
        ground.world.project.tenant.uid,
        shard="",
        applications={WEB, AddressedApp("argocd", "nobody's")},
        now=read_clock(),
    )

    assert due == 1
    assert [is_due(it) for it in (here, elsewhere, stranger)] == [True, False, False]


def test_only_stages_of_projects_that_the_control_plane_is_bound_to_are_made_due(
    ground: Ground,
) -> None:
    tenant = ground.world.project.tenant
    here = depend(ground.stage())
    neighbour = depend(make_stage(make_project("other", tenant=tenant), "prod"))

    due = mark_due(tenant.uid, shard="", projects=("demo",), applications={WEB}, now=read_clock())

    assert due == 1
    assert [is_due(it) for it in (here, neighbour)] == [True, False]


def test_a_thousand_changes_are_stored_in_a_few_queries(
    ground: Ground, django_assert_max_num_queries: object
) -> None:
    stage = depend(ground.stage())
    changed = {AddressedApp("argocd", f"app-{number}") for number in range(1000)} | {WEB}

    with django_assert_max_num_queries(15):  # type: ignore[operator] # a fixture of pytest-django
        due = mark_due(
            stage.project.tenant.uid, shard="default", applications=changed, now=read_clock()
        )

    assert due == 1
