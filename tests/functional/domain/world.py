"""A project whose objects are reconciled in this process by the platform's own reconcilers."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from django.db.models.functions import Now

from common.clock import now as read_clock
from common.jsontypes import JSONObject, JSONValue
from projects.models import Project
from promotions import queue
from promotions.engine.conditions import Condition
from promotions.engine.executor import Engine
from promotions.engine.freight import ORIGIN_KIND
from promotions.engine.registry import Registry
from promotions.manifests.conditions import conditions_from
from promotions.models import (
    Freight,
    Promotion,
    Stage,
    StepExecution,
    Warehouse,
    Work,
    WorkKind,
)
from promotions.models.work import WorkQuerySet
from promotions.reconcilers.loop import Lease, Reconcile, claim, run_one
from promotions.reconcilers.promotions import PromotionReconciler
from promotions.selectors.freight import current_freight
from promotions.services.apply import apply_document
from promotions.services.freight import create_freight
from promotions.services.promotions import create_promotion
from rbac.actors import Actor, controller
from tests.factories.domain import GIT_URL, make_warehouse
from tests.factories.people import actor_of
from tests.fakes.steps import ScriptedStep

API_VERSION = "kargo.akuity.io/v1alpha1"
SHARD = "default"
STEP: JSONObject = {"uses": "compose-output", "as": "out", "config": {"one": 1}}
KINDS = {Warehouse: WorkKind.WAREHOUSE, Stage: WorkKind.STAGE, Promotion: WorkKind.PROMOTION}
LONG_AGO = timedelta(days=365)

Watched = Warehouse | Stage | Promotion


@dataclass
class World:
    """Project ``demo``, and hands to work in it.

    Attributes:
        steps: Answers for the step kind ``scripted``, which exists only here.
        ahead: How far the steps' clock is ahead of the real one.
    """

    project: Project
    reconcilers: dict[WorkKind, Reconcile]
    work_dir: Path
    alice: Actor
    steps: ScriptedStep = field(default_factory=ScriptedStep)
    ahead: timedelta = timedelta(0)

    @classmethod
    def create(
        cls,
        project: Project,
        reconcilers: Mapping[WorkKind, Reconcile],
        engine: Engine,
        registry: Registry,
        *,
        work_dir: Path,
    ) -> "World":
        world = cls(project, dict(reconcilers), work_dir, actor_of(project))
        kinds = [registry.find(kind) for kind in registry.kinds()]
        engine = Engine(
            registry=Registry([*kinds, world.steps]),
            render=engine.render,
            clock=lambda: read_clock() + world.ahead,
            functions=engine.functions,
        )
        promotions = world.reconcilers[WorkKind.PROMOTION]
        assert isinstance(promotions, PromotionReconciler)
        world.reconcilers[WorkKind.PROMOTION] = replace(
            promotions, engine=engine, work_dir=work_dir, base_url="http://kargo.example.com"
        )
        return world

    # ------------------------------------------------------------ objects
    def apply(self, kind: str, name: str, **parts: JSONValue) -> object:
        """Create or update an object through its manifest."""
        metadata = {"name": name, "namespace": self.project.name, "labels": parts.pop("labels", {})}
        return self.apply_content(
            {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, **parts}
        )

    def apply_content(self, content: JSONObject) -> object:
        """Apply one manifest."""
        tenant = self.project.tenant
        return apply_document(content, tenant=tenant, actor=self.alice, now=read_clock()).resource

    def watch(self, *subscriptions: JSONValue, name: str = "main", **spec: JSONValue) -> Warehouse:
        """Apply a Warehouse with real subscriptions."""
        row = self.apply("Warehouse", name, spec={"subscriptions": list(subscriptions), **spec})
        assert isinstance(row, Warehouse)
        return row

    def warehouse(self, name: str = "main") -> Warehouse:
        """Make a Warehouse that nobody reconciles; its Freight comes from :meth:`freight`."""
        return make_warehouse(self.project, name)

    def stage(
        self,
        name: str = "test",
        *steps: JSONValue,
        sources: JSONObject | None = None,
        warehouses: tuple[str, ...] = ("main",),
        labels: dict[str, JSONValue] | None = None,
        **spec: JSONValue,
    ) -> Stage:
        """Apply a Stage; without ``steps`` its promotions have one that always succeeds."""
        requests: list[JSONValue] = [
            {
                "origin": {"kind": ORIGIN_KIND, "name": warehouse},
                "sources": sources or {"direct": True},
            }
            for warehouse in warehouses
        ]
        document: dict[str, JSONValue] = {
            "requestedFreight": requests,
            "promotionTemplate": {"spec": {"steps": list(steps or (STEP,))}},
            **spec,
        }
        if document["promotionTemplate"] is None:
            del document["promotionTemplate"]
        row = self.apply("Stage", name, spec=document, labels=labels or {})
        assert isinstance(row, Stage)
        return row

    def automate(self, *policies: JSONValue) -> None:
        """Apply promotion policies; without any, every Stage promotes by itself."""
        everything: JSONValue = {"stageSelector": {"name": "glob:*"}, "autoPromotionEnabled": True}
        spec: JSONValue = {"promotionPolicies": list(policies or (everything,))}
        self.apply("ProjectConfig", self.project.name, spec=spec)

    def freight(self, commit: str = "1", *, warehouse: str = "main") -> Freight:
        """Create Freight of one commit, whose id ends in ``commit``, as discovery would."""
        now = read_clock()
        freight, _ = create_freight(
            Warehouse.objects.get(project=self.project, name=warehouse),
            {"commits": [{"repoURL": GIT_URL, "id": commit.rjust(40, "0"), "branch": "main"}]},
            discovered_at=now,
            actor=controller("warehouse-controller"),
            now=now,
        )
        return freight

    def promote(self, stage: Stage, freight: Freight, *, actor: Actor | None = None) -> Promotion:
        """Create a promotion, as alice unless told otherwise."""
        stage = Stage.objects.get(pk=stage.pk)
        return create_promotion(stage, freight, actor=actor or self.alice, now=read_clock())

    # ------------------------------------------------------------ work
    def settle(self, *, passes: int = 60) -> int:
        """Reconcile until nothing is due; return the number of passes."""
        for done in range(passes):
            if not run_one(SHARD, self.reconcilers, owner="test"):
                return done
        raise AssertionError(f"still something due after {passes} passes")

    def hasten(self, watched: Watched) -> int:
        """Make an object due now, although it waits; then settle."""
        self._work(watched).update(due_at=Now())
        return self.settle()

    def reconcile(self, watched: Watched, *, now: datetime | None = None) -> timedelta | None:
        """Make one pass over one object, at the time ``now``; return when it wants the next."""
        lease = self.claim(watched)
        reconciler = self.reconcilers[KINDS[type(watched)]]
        delay = reconciler(watched.uid, lease=lease, now=now or read_clock())
        lease.release(delay)
        return delay

    def claim(self, watched: Watched) -> Lease:
        """Take the lease on one object, due or not."""
        self._work(watched).update(due_at=Now() - LONG_AGO, lease_until=None)
        lease = claim(SHARD, owner="test")
        assert lease is not None
        assert lease.uid == watched.uid
        return lease

    def open_work(self, watched: Watched) -> None:
        """Give an object that was made as a bare row its standing order."""
        queue.open_work(
            kind=KINDS[type(watched)],
            uid=watched.uid,
            tenant_uid=self.project.tenant.uid,
            shard="",
            due_at=read_clock(),
        )

    def due_in(self, watched: Watched) -> timedelta | None:
        """Return how long an object waits."""
        due_at = self._work(watched).get().due_at
        return None if due_at is None else due_at - read_clock()

    def work_error(self, watched: Watched) -> str:
        """Return what the object's last pass failed with."""
        return str(self._work(watched).get().last_error)

    # ------------------------------------------------------------ looks
    def held(self, stage: Stage) -> dict[str, str]:
        """Return what a Stage holds: the last digits of the commit, by Warehouse."""
        found = current_freight(stage)
        return {origin.partition("/")[2]: short(freight) for origin, freight in found.items()}

    def promotions(self, stage: Stage) -> list[Promotion]:
        """Return a Stage's promotions, oldest first."""
        return list(Promotion.objects.filter(stage=stage).order_by("name"))

    def phases(self, stage: Stage) -> list[tuple[str, str]]:
        """Return commit and phase of a Stage's promotions, oldest first."""
        return [(short(row.freight), row.phase) for row in self.promotions(stage)]

    def _work(self, watched: Watched) -> WorkQuerySet:
        return Work.objects.filter(kind=KINDS[type(watched)], uid=watched.uid)


def short(freight: Freight) -> str:
    """Return the commit that :meth:`World.freight` was given."""
    artifact = freight.artifacts.first()
    assert artifact is not None
    return artifact.version.lstrip("0")


def condition(watched: Warehouse | Stage, kind: str) -> tuple[str, str]:
    """Return status and reason of a condition of the stored object."""
    found = _condition(watched, kind)
    return (found.status.value, found.reason) if found else ("", "")


def words(watched: Warehouse | Stage, kind: str = "Ready") -> str:
    """Return the message of a condition of the stored object."""
    found = _condition(watched, kind)
    return found.message if found else ""


def _condition(watched: Warehouse | Stage, kind: str) -> Condition | None:
    watched.refresh_from_db()
    return next((it for it in conditions_from(watched.conditions) if it.type == kind), None)


def steps_of(promotion: Promotion) -> list[tuple[str, str]]:
    """Return alias and status of each step that was looked at."""
    rows = StepExecution.objects.filter(promotion=promotion).order_by("index")
    return [(row.alias, row.status) for row in rows]
