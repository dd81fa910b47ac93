"""Runs a published pipeline with an Argo CD beside it, on time that passes for both alike."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db.models.functions import Now
from django.test import Client

from common.clock import now as read_clock
from promotions.models import Freight, Promotion, Warehouse, Work, WorkKind
from promotions.reconcilers.loop import claim
from promotions.services.freight import create_freight
from rbac.actors import controller
from tests.fakes.argocd import JOBS_ROLE, PROMOTER_ROLE, Site
from tests.functional.control_planes.scenes import register
from tests.functional.domain.world import LONG_AGO, SHARD, World

FOLDER = Path(__file__).parent
MOVING = (WorkKind.PROMOTION, WorkKind.STAGE, WorkKind.ANALYSIS_RUN)

Document = dict[str, Any]


@dataclass
class Pipeline:
    """A project that came from a file, and the Argo CD that its Stages address.

    Attributes:
        client: Of an operator, as the command line is one.
        ahead: How far this pipeline's time is ahead of the real one.
    """

    world: World
    site: Site
    client: Client
    project: str
    ahead: timedelta = field(default=timedelta(0))

    def connect(self, kind: str) -> None:
        """Register the Argo CD as the control plane, over ``rest`` or ``kubernetes``."""
        is_rest = kind == "rest"
        account = self.site.identities.add("kargo", [*PROMOTER_ROLE, *JOBS_ROLE])
        register(
            self.world.project.tenant,
            kind=kind,
            address=self.site.rest_url if is_rest else self.site.kubernetes_url,
            credential={
                "token": self.site.token if is_rest else self.site.identities.token(account)
            },
        )

    def freight(self, warehouse: str, **lists: Sequence[Document]) -> Freight:
        """Create Freight as the discovery of a Warehouse would."""
        row = Warehouse.objects.get(project__name=self.project, name=warehouse)
        contents: Any = lists
        found, _ = create_freight(
            row,
            contents,
            discovered_at=read_clock(),
            actor=controller("warehouse-controller"),
            now=read_clock(),
        )
        return found

    def promote(self, stage: str, freight: Freight) -> Any:
        """Ask for a promotion over REST, and return the response."""
        return self._post(f"stages/{stage}/promotions", {"freight": freight.name})

    def approve(self, freight: Freight, stage: str) -> Any:
        return self._post(f"freight/{freight.name}/approve?stage={stage}", {})

    def status(self, stage: str) -> Document:
        """Return a Stage's status over REST."""
        path = f"/v1beta1/projects/{self.project}/stages/{stage}"
        found: Document = self.client.get(path).json()["status"]
        return found

    def pass_time(self, *, seconds: float = 10, times: int = 1) -> None:
        """Let time pass, and look each time at everything that is not at its end."""
        for _ in range(times):
            self.ahead += timedelta(seconds=seconds)
            self.world.ahead = self.ahead
            self.site.clock.advance(seconds)
            for kind in MOVING:
                for work in Work.objects.filter(kind=kind, due_at__isnull=False).order_by("pk"):
                    self._look(work)

    def newest(self, stage: str) -> Promotion:
        found = Promotion.objects.filter(stage__name=stage).order_by("-name").first()
        assert found is not None
        return found

    def initiators(self) -> list[Document]:
        """Return who began each operation in Argo CD, in order."""
        return [it.operation["initiatedBy"] for it in self.site.record.operations]

    def _look(self, work: Work) -> None:
        Work.objects.filter(pk=work.pk).update(due_at=Now() - LONG_AGO, lease_until=None)
        lease = claim(SHARD, owner="test")
        assert lease is not None
        assert lease.uid == work.uid
        reconcile = self.world.reconcilers[lease.kind]
        lease.release(reconcile(lease.uid, lease=lease, now=read_clock() + self.ahead))

    def _post(self, path: str, body: Document) -> Any:
        url = f"/v1beta1/projects/{self.project}/{path}"
        return self.client.post(url, data=json.dumps(body), content_type="application/json")


def apply_file(client: Client, name: str) -> list[Document]:
    """Send a file as ``kargo apply`` does, and return what became of each document."""
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    response = client.put("/v1beta1/resources?upsert=true", data=text, content_type="text/plain")
    assert response.status_code == 200
    results: list[Document] = response.json()["results"]
    return results
