"""Opens Argo CDs, so that each is spoken to through one client and within one set of limits."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from typing import assert_never

from common.clock import now as wall_time
from common.egress import EgressPolicy
from promotions.gateways.argocd.allowed import AllowedArgoCD
from promotions.gateways.argocd.conversation import Conversation
from promotions.gateways.argocd.kubernetes import KubernetesArgoCD
from promotions.gateways.argocd.limits import PlaneLimits
from promotions.gateways.argocd.rest import RestArgoCD
from promotions.gateways.argocd.tls import open_client
from promotions.ports.argocd import ArgoCD, Transport
from promotions.ports.argocd_access import PlaneAccess

MAX_OPEN = 256


class OpenArgoCDs:
    """Satisfies :class:`promotions.ports.argocd_access.ArgoCDs`. Safe to share by threads.

    A control plane whose access was edited gets a new client; who uses the old one goes on until
    it is done. Its limits stay, since it is the same server: unless the pace was edited.
    """

    def __init__(
        self,
        policy: EgressPolicy,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = wall_time,
    ) -> None:
        self._policy = policy
        self._now = now
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._open: OrderedDict[PlaneAccess, ArgoCD] = OrderedDict()
        self._limits: OrderedDict[str, PlaneLimits] = OrderedDict()

    def open(self, access: PlaneAccess) -> ArgoCD:
        """Return the Argo CD, without speaking to it."""
        with self._lock:
            if access not in self._open:
                self._open[access] = self._opened(access)
            self._open.move_to_end(access)
            while len(self._open) > MAX_OPEN:
                self._open.popitem(last=False)
            return self._open[access]

    def _opened(self, access: PlaneAccess) -> ArgoCD:
        """Return the Argo CD, kept to the namespaces that are allowed: nobody gets another one."""
        argocd = self._reached(access)
        return AllowedArgoCD(argocd, access) if access.allowed_namespaces else argocd

    def _reached(self, access: PlaneAccess) -> ArgoCD:
        conversation = Conversation(
            access, open_client(self._policy, access), self._limits_of(access), sleep=self._sleep
        )
        match access.transport:
            case Transport.REST:
                return RestArgoCD(access, conversation)
            case Transport.KUBERNETES:
                return KubernetesArgoCD(access, conversation, now=self._now)
            case _:
                assert_never(access.transport)

    def _limits_of(self, access: PlaneAccess) -> PlaneLimits:
        kept = self._limits.get(access.uid)
        if kept is None or kept.pace != access.pace:
            kept = PlaneLimits(access.pace, name=access.name, clock=self._clock, sleep=self._sleep)
            self._limits[access.uid] = kept
        self._limits.move_to_end(access.uid)
        while len(self._limits) > MAX_OPEN:
            self._limits.popitem(last=False)
        return kept
