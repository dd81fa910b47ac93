"""Promotes by a fake Argo CD as the platform does: steps, over gateways, on virtual time."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from common.egress import EgressPolicy
from common.errors import PlatformError
from common.jsontypes import JSONObject, JSONValue
from promotions.engine.argocd.addressed import AddressedApp
from promotions.engine.freight import FreightOrigin, FreightReference
from promotions.engine.health import HealthQuestion
from promotions.engine.runner import HealthCheck, StepContext, StepError
from promotions.gateways.argocd.opening import OpenArgoCDs
from promotions.ports.argocd import Application, ArgoCD, OperationRequest, Outcome, Scope, Transport
from promotions.ports.argocd_access import PlaneAccess
from promotions.reconcilers.plane_watch import PlaneWatch
from promotions.steps.argocd_update import ArgoCDUpdate
from promotions.steps.argocd_wait import ArgoCDWait
from promotions.steps.support.argocd_health import ArgoCDHealth
from tests.fakes.argocd.site import Site
from tests.fakes.argocd.timelines.findings import Look
from tests.fakes.argocd.timelines.loading import PROMOTION, Timeline
from tests.fakes.step_stores import FakeIntents

ALIAS = "step-1"


class KilledError(BaseException):
    """The worker is no more."""


@dataclass
class OnePlane:
    """Satisfies :class:`promotions.ports.argocd.ControlPlanes` with one for all."""

    argocd: ArgoCD

    def for_shard(self, *, tenant_uid: str, shard: str, project_uid: str) -> ArgoCD | None:
        return self.argocd

    def tell_refused(self, *, tenant_uid: str, shard: str, project_uid: str) -> None:
        """Leave it to the timeline, which checks when it likes."""


@dataclass
class Promoting:
    """A driver for timelines: one step of one promotion, and the health that it registers."""

    site: Site
    timeline: Timeline
    argocd: Any
    intents: FakeIntents = field(default_factory=FakeIntents)
    output: JSONObject = field(default_factory=dict)
    check: HealthCheck | None = None

    def step(self) -> Look:
        runner = (
            ArgoCDWait(OnePlane(self.argocd))
            if self.timeline.step.get("uses") == "argocd-wait"
            else ArgoCDUpdate(OnePlane(self.argocd), self.intents)
        )
        try:
            result = runner.run(self._context())
        except StepError as error:
            self.output = error.output or self.output
            return Look("Failed" if error.failed else "Errored", (error.message,))
        except PlatformError as error:
            return Look("Errored", (error.message,))
        except KilledError:
            return Look("Running", ("the worker was killed",))
        self.output = result.output if result.output is not None else self.output
        self.check = result.health_check or self.check
        wait = result.retry_after.total_seconds() if result.retry_after else 0
        return Look(result.status.value, (result.message,), wait)

    def health(self) -> Look:
        if self.check is None:
            return Look("Unknown", ("nothing was registered",))
        found = ArgoCDHealth(OnePlane(self.argocd))(HealthQuestion(self.check.config))
        return Look(found.status.value, found.issues)

    def plane(self) -> str:
        return str(self.argocd.check((Scope("default"),), now=self._now()).state.value)

    def _now(self) -> datetime:
        ahead = self.timeline.worker_ahead(self.site.clock.seconds())
        return self.site.clock.now() + timedelta(seconds=ahead)

    def _context(self) -> StepContext:
        return StepContext(
            workdir="/nowhere",
            alias=ALIAS,
            config=config_of(self.timeline),
            tenant_uid="tenant",
            project="shop",
            stage="prod",
            promotion=PROMOTION,
            promotion_uid="promotion-uid",
            target_freight=FreightReference("f1", FreightOrigin("main")),
            now=self._now(),
            state={ALIAS: self.output},
            actor=str(self.timeline.step.get("actor", "")),
        )


@dataclass
class Dying:
    """An Argo CD for a worker that is killed once it has written, or replaced before it does."""

    argocd: ArgoCD
    crash: str
    other: Promoting

    def __getattr__(self, name: str) -> Any:
        return getattr(self.argocd, name)

    def initiate(self, app: Application, request: OperationRequest) -> Outcome:
        crash, self.crash = self.crash, ""
        if crash == "superseded":
            self.other.step()
        outcome = self.argocd.initiate(app, request)
        if crash == "after-write":
            raise KilledError
        return outcome


@dataclass
class Listening:
    """A listener for timelines: the platform's own watch of one control plane."""

    argocd: ArgoCD
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._watch = PlaneWatch(self.argocd, self._tell)

    def listen(self) -> None:
        with suppress(PlatformError):
            self._watch.listen_once()

    def _tell(self, news: Iterable[AddressedApp]) -> None:
        self.told.extend(f"{it.namespace}/{it.name}" for it in news)


def promoting(site: Site, timeline: Timeline, transport: str) -> Promoting:
    """Return a driver for :func:`tests.fakes.argocd.timelines.replay.replay`."""
    argocd = gateway(site, transport)
    driver = Promoting(site, timeline, argocd)
    if timeline.crash:
        other = Promoting(site, timeline, argocd, driver.intents)
        driver.argocd = Dying(argocd, timeline.crash, other)
    return driver


def listening(site: Site, _timeline: Timeline, transport: str) -> Listening:
    """Return a listener for :mod:`tests.fakes.argocd.timelines.listening`."""
    return Listening(gateway(site, transport))


def gateway(site: Site, transport: str) -> ArgoCD:
    """Return the platform's way to the fake, on its clock."""
    is_rest = transport == "rest"
    policy = EgressPolicy.of(["127.0.0.1"], deny_private=False)
    gateways = OpenArgoCDs(
        policy, clock=site.clock.seconds, sleep=site.clock.advance, now=site.clock.server_now
    )
    return gateways.open(
        PlaneAccess(
            uid="plane",
            name="fake",
            transport=Transport(transport),
            base_url=site.rest_url if is_rest else site.kubernetes_url,
            token=site.token if is_rest else site.kubernetes_token,
        )
    )


def config_of(timeline: Timeline) -> JSONObject:
    """Return the configuration of a timeline's step."""
    step = timeline.step
    if "config" in step:
        return dict(step["config"])
    app = timeline.apps[0]
    which: dict[str, JSONValue] = {"name": app.name, "namespace": app.namespace}
    if "selector" in step:
        which = {"selector": step["selector"], "namespace": app.namespace}
    if step.get("uses") == "argocd-wait":
        return {"apps": [which]}
    return {"apps": [{**which, "sources": _sources(timeline)}]}


def _sources(timeline: Timeline) -> list[JSONValue]:
    raw = timeline.apps[0].raw
    written = raw.get("sources") or [raw["source"]]
    edits = {"updateTargetRevision": True} if timeline.step.get("updateTargetRevision") else {}
    return [
        {
            **{key: source[key] for key in ("repoURL", "chart") if key in source},
            "desiredRevision": revision,
            **edits,
        }
        for source, revision in zip(written, timeline.desired(), strict=False)
        if revision
    ]
