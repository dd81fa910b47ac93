"""Which control plane a Stage's steps address, and who works for which shard."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from common.clock import now
from projects.models import Change, Project
from projects.selectors import argocd_shards
from promotions.manifests.control_plane import Credential
from promotions.models import Stage, Work, WorkerBeat, WorkKind
from promotions.ports.argocd_errors import ArgoCDUnavailableError
from promotions.reconcilers.loop import Lease, work_through
from promotions.selectors.control_planes import OpenControlPlanes
from promotions.selectors.workers import SILENT_FOR, shard_problem
from promotions.services.control_planes import disable_control_plane, rotate_control_plane
from promotions.services.dead_shards import tell_of_dead_shards
from promotions.services.promotions import create_promotion
from tests.factories.domain import (
    NOON,
    make_freight,
    make_project,
    make_stage,
    make_tenant,
    make_warehouse,
)
from tests.factories.people import make_viewer
from tests.functional.control_planes.scenes import ROOT, SaidArgoCDs, register

pytestmark = pytest.mark.django_db


@pytest.fixture
def project(db: None) -> Project:
    return make_project("shop", tenant=make_tenant("acme"))


def opened(project: Project, shard: str, argocds: SaidArgoCDs | None = None) -> str:
    """Return the name of the control plane that Stages of a shard address; empty if none."""
    said = argocds or SaidArgoCDs()
    planes = OpenControlPlanes(said)
    planes.for_shard(tenant_uid=str(project.tenant.uid), shard=shard, project_uid=str(project.uid))
    return said.opened[-1].name if said.opened else ""


def test_a_stage_addresses_the_control_plane_of_its_shard_that_is_bound_to_its_project(
    project: Project,
) -> None:
    register(project.tenant, "everybody")
    register(project.tenant, "eu-bank", shard="eu", projects=["bank"])
    register(project.tenant, "eu-shop", shard="eu", projects=["shop"])
    register(project.tenant, "us-bank", shard="us", projects=["bank"])

    assert opened(project, "") == opened(project, "default") == "everybody"
    assert opened(project, "eu") == "eu-shop"
    assert opened(project, "us") == opened(project, "nowhere") == ""


def test_a_control_plane_of_another_tenant_is_not_found(project: Project) -> None:
    register(make_tenant("beta"), "theirs")

    assert opened(project, "") == ""


def test_it_is_opened_once_until_it_changes(project: Project) -> None:
    plane, said = register(project.tenant), SaidArgoCDs()
    planes = OpenControlPlanes(said)
    ask = {"tenant_uid": str(project.tenant.uid), "shard": "", "project_uid": str(project.uid)}

    first, second = planes.for_shard(**ask), planes.for_shard(**ask)
    rotate_control_plane(plane, Credential(token="next"), actor=ROOT, now=NOON)
    third = planes.for_shard(**ask)

    assert first is second
    assert third is not first
    assert [it.next_token for it in said.opened] == ["", "next"]


def test_one_that_is_switched_off_says_so(project: Project) -> None:
    disable_control_plane(register(project.tenant), actor=ROOT, now=NOON)

    with pytest.raises(ArgoCDUnavailableError, match='"main" is switched off'):
        opened(project, "")


def test_the_server_configuration_tells_the_argo_cd_of_each_shard(
    project: Project, settings: Settings
) -> None:
    settings.SHARDS = ["asia"]
    register(project.tenant)
    register(project.tenant, "a", shard="eu", projects=["bank"], defaultNamespace="argo")
    register(project.tenant, "b", shard="eu", uiUrl="https://eu.example.com")

    assert argocd_shards(project.tenant) == {
        "": {"url": "https://argocd.example.com/root", "namespace": "argocd"},
        "asia": {"url": "", "namespace": ""},
        "eu": {"url": "https://eu.example.com", "namespace": "argocd"},
    }


def test_a_stage_is_worked_at_by_its_shard_alone_and_its_promotions_too(project: Project) -> None:
    warehouse = make_warehouse(project)
    stage = make_stage(project, "test", shard="eu")
    freight = make_freight(warehouse)
    Work.objects.all().delete()
    open_stage_work(stage)
    promotion = create_promotion(stage, freight, actor=ROOT, now=NOON)
    seen: list[UUID] = []

    def look(uid: UUID, *, lease: Lease, now: Any) -> timedelta | None:
        del lease, now
        seen.append(uid)
        return None

    looks = {WorkKind.STAGE: look, WorkKind.PROMOTION: look}
    Work.objects.filter(due_at__isnull=True).update(due_at=NOON)
    wrong = work_through("default", looks), work_through("us", looks)
    at_wrong = list(seen)
    work_through("eu", looks)

    assert promotion.shard == "eu"
    assert (wrong, at_wrong) == ((0, 0), [])
    assert {stage.uid, promotion.uid} <= set(seen)


def open_stage_work(stage: Stage) -> None:
    Work.objects.create(
        kind=WorkKind.STAGE,
        uid=stage.uid,
        tenant_uid=stage.project.tenant.uid,
        shard=stage.shard,
        due_at=NOON,
    )


# ---------------------------------------------------------------- shards without workers


def test_a_shard_without_workers_is_dead_in_words_and_to_clients_within_a_minute(
    project: Project,
) -> None:
    make_stage(project, "test", shard="eu")
    beat("default", age=timedelta(seconds=5))
    beat("eu", age=SILENT_FOR + timedelta(seconds=1))

    problem = shard_problem("eu", now=now())
    client = Client()
    client.force_login(make_viewer(project))
    answer = client.get("/t/acme/v1beta1/system/controller-heartbeats").json()

    assert timedelta(minutes=1) > SILENT_FOR
    assert problem.startswith("No worker of shard eu has reported since 20")
    assert problem.endswith("start one with: manage.py worker --shard eu")
    statuses = {name: it["status"] for name, it in answer["heartbeats"].items()}
    assert statuses == {"": "Alive", "eu": "Dead"}
    assert shard_problem("", now=now()) == ""


def test_a_shard_that_never_had_a_worker_is_known_by_the_stages_that_name_it(
    project: Project,
) -> None:
    make_stage(project, "test", shard="moon")
    beat("default", age=timedelta(0))
    client = Client()
    client.force_login(make_viewer(project))

    answer = client.get("/t/acme/v1beta1/system/controller-heartbeats").json()

    assert answer["heartbeats"]["moon"] == {"controller": "moon", "status": "Dead"}
    assert shard_problem("moon", now=now()) == (
        "No worker of shard moon has reported yet; start one with: manage.py worker --shard moon"
    )


def test_stages_of_a_dead_shard_are_told_once_and_looked_at_when_it_lives_again(
    project: Project,
) -> None:
    dead, alive = make_stage(project, "dead", shard="eu"), make_stage(project, "alive")
    Work.objects.all().delete()
    open_stage_work(dead)
    Work.objects.update(due_at=None)
    beat("default", age=timedelta(0))

    told = tell_of_dead_shards(now=now()), tell_of_dead_shards(now=now())

    dead.refresh_from_db()
    alive.refresh_from_db()
    ready = next(it for it in dead.conditions if it["type"] == "Ready")
    assert told == (1, 0)
    assert (ready["status"], ready["reason"]) == ("False", "NoWorker")
    assert "manage.py worker --shard eu" in ready["message"]
    assert not any(it["reason"] == "NoWorker" for it in alive.conditions)
    assert Work.objects.get(uid=dead.uid).due_at is not None
    assert Change.objects.filter(kind="Stage", name="dead").exists()


def test_the_page_of_a_stage_says_that_nobody_works_for_its_shard(project: Project) -> None:
    make_warehouse(project)
    make_stage(project, "test", shard="eu")
    beat("default", age=timedelta(0))
    client = Client()
    client.force_login(make_viewer(project))

    page = client.get("/t/acme/projects/shop/stages/test").content.decode()

    assert "No worker of shard eu has reported yet" in page


def beat(shard: str, *, age: timedelta) -> None:
    WorkerBeat.objects.create(worker=f"host/{shard}", shard=shard, at=now() - age)
