"""A fake Argo CD and a gateway to it, by one of the transports."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from common.egress import EgressPolicy
from common.jsontypes import JSONObject
from promotions.engine.argocd.markers import infos
from promotions.gateways.argocd.opening import OpenArgoCDs
from promotions.ports.argocd import AppRef, ArgoCD, OperationRequest, Transport
from promotions.ports.argocd_access import Pace, PlaneAccess, TlsTrust
from tests.fakes.argocd import Site, application, argocd
from tests.fakes.argocd.accounts import Rule
from tests.fakes.argocd.identities import Grant
from tests.fakes.argocd.store import Document

LOOPBACK = EgressPolicy.of(["127.0.0.1"], deny_private=False)
_TRUSTING, _PACE = TlsTrust(), Pace()
GUESTBOOK = AppRef("argocd", "guestbook", "default")


@dataclass
class Ticks:
    """Seconds that pass only when somebody sleeps, or a test says so."""

    at: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


@dataclass
class World:
    """A fake Argo CD, and the gateway to it."""

    site: Site
    transport: Transport
    access: PlaneAccess
    opener: OpenArgoCDs
    ticks: Ticks

    @property
    def plane(self) -> ArgoCD:
        return self.opener.open(self.access)

    def rights(self, *verbs: str) -> None:
        """Let the account do no more than these, in the words of the transport."""
        if self.transport is Transport.REST:
            self.site.accounts.add("promoter", [Rule("applications", verb, "*") for verb in verbs])
        else:
            self.site.identities.add("promoter", [Grant("argoproj.io", ("applications",), verbs)])

    def revoke(self) -> None:
        if self.transport is Transport.REST:
            self.site.accounts.revoke(self.site.token)
        else:
            self.site.identities.revoke(self.site.kubernetes_token)

    def operations(self) -> int:
        return len(self.site.record.operations)

    def requests(self) -> int:
        return len(self.site.record.requests)


@contextmanager
def world(
    transport: Transport,
    *,
    apps: Sequence[Document] | None = None,
    trust: TlsTrust = _TRUSTING,
    pace: Pace = _PACE,
    **options: Any,
) -> Iterator[World]:
    """Run a fake Argo CD with the application ``guestbook``, unless others are named."""
    documents = [application("guestbook", stage="shop:prod")] if apps is None else apps
    ticks = Ticks()
    with argocd(apps=documents, **options) as site:
        is_rest = transport is Transport.REST
        access = PlaneAccess(
            uid="plane",
            name="Argo CD",
            transport=transport,
            base_url=site.rest_url if is_rest else site.kubernetes_url,
            token=site.token if is_rest else site.kubernetes_token,
            tls=trust,
            pace=pace,
        )
        opener = OpenArgoCDs(LOOPBACK, clock=ticks, sleep=ticks.sleep, now=site.clock.server_now)
        yield World(site, transport, access, opener, ticks)


def wanted(
    promotion: str = "prod.01abc",
    *,
    attempt: int = 1,
    actor: str = "",
    sources: tuple[JSONObject, ...] | None = None,
    automated: bool = False,
) -> OperationRequest:
    """Return a request for an operation, marked as a promotion's."""
    return OperationRequest(
        infos(promotion=promotion, attempt=attempt, actor=actor),
        actor=actor,
        sources=sources,
        automated=automated,
    )
