"""Within a minute of a shard's last sign of life every place says in words that nobody is there."""

import io
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.test import Client

from common.clock import now
from kargo_platform.workers.supervisor import BEAT_SECONDS, DEAD_SHARDS_SECONDS, TICK_SECONDS
from projects.models import Project
from promotions.models import Freight, Promotion, Stage, WorkerBeat
from promotions.selectors.workers import SILENT_FOR
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
from tests.factories.people import make_operator
from tests.functional.control_planes.scenes import ROOT, register

pytestmark = pytest.mark.django_db

WORDS = "No worker of shard eu has reported since 20"
REMEDY = "manage.py worker --shard eu"
MINUTE = timedelta(minutes=1)
LATEST = SILENT_FOR + timedelta(seconds=DEAD_SHARDS_SECONDS)
"""After which even those have been told who have to be told."""


class Scene:
    """A Stage of a shard whose worker was last heard of a while ago, and all who may be asked."""

    def __init__(self, *, silence: timedelta) -> None:
        self.project: Project = make_project("shop", tenant=make_tenant("acme"))
        self.freight: Freight = make_freight(make_warehouse(self.project))
        self.stage: Stage = make_stage(self.project, "test", shard="eu")
        self.promotion: Promotion = create_promotion(self.stage, self.freight, actor=ROOT, now=NOON)
        register(self.project.tenant, shard="eu")
        for shard, age in (("default", timedelta(0)), ("eu", silence)):
            WorkerBeat.objects.create(worker=f"host/{shard}", shard=shard, at=now() - age)
        tell_of_dead_shards(now=now())
        self.client = Client()
        self.client.force_login(make_operator())

    def said(self) -> dict[str, str]:
        """Return what is said, by where."""
        project, name = "/t/acme/projects/shop", self.freight.name
        native = "/t/acme/api/v1/projects/shop"
        kargo = "/t/acme/v1beta1/projects/shop"
        return {
            "portal, Stage": self._page(f"{project}/stages/test"),
            "portal, promotion": self._page(f"{project}/promotions/{self.promotion.name}"),
            "portal, control planes": self._page("/t/acme/control-planes"),
            "API, why freight waits": self._page(f"{native}/freight/{name}/eligibility"),
            "API, why at a Stage": self._page(f"{native}/stages/test/eligibility"),
            "API, promotion": self._page(f"{native}/promotions/{self.promotion.name}/waiting"),
            "Kargo's API, Ready": self._page(f"{kargo}/stages/test"),
            "why, freight": self._why("--stage", "test", "--freight", name),
            "why, promotion": self._why("--promotion", self.promotion.name),
        }

    def heartbeat(self) -> str:
        answer = self.client.get("/t/acme/v1beta1/system/controller-heartbeats").json()
        return str(answer["heartbeats"]["eu"]["status"])

    def _page(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.content)
        return answer.content.decode()

    def _why(self, *arguments: str) -> str:
        told = io.StringIO()
        call_command("why", "--tenant", "acme", "--project", "shop", *arguments, stdout=told)
        return told.getvalue()


def test_every_place_says_within_a_minute_that_a_shard_has_no_worker() -> None:
    scene = Scene(silence=LATEST)

    silent = [where for where, text in scene.said().items() if WORDS not in text]

    assert silent == []
    assert not [where for where, text in scene.said().items() if REMEDY not in text]
    assert scene.heartbeat() == "Dead"
    assert LATEST + timedelta(seconds=BEAT_SECONDS + TICK_SECONDS) < MINUTE


def test_no_place_says_so_of_a_worker_that_missed_a_few_beats() -> None:
    scene = Scene(silence=SILENT_FOR - timedelta(seconds=BEAT_SECONDS))

    assert [where for where, text in scene.said().items() if "No worker" in text] == []
    assert scene.heartbeat() == "Alive"
