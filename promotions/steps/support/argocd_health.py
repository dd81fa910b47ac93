"""How healthy are the Applications that a promotion synchronized?"""

from dataclasses import dataclass

from common.errors import PlatformError
from promotions.engine.argocd.health import (
    CheckedApplication,
    Finding,
    assess,
    checked_applications,
    summed,
    unreadable,
)
from promotions.engine.health import Health, HealthQuestion, HealthState
from promotions.ports.argocd import AppRef, ArgoCD, ArgoCDUnauthorizedError, ControlPlanes
from promotions.steps.support.argocd_applications import ask_to_refresh

DISABLED = (
    "Argo CD integration is disabled on this controller; cannot assess the health of Argo CD"
    " Applications"
)


@dataclass(frozen=True, slots=True)
class ArgoCDHealth:
    """Checks what ``argocd-update`` left to be checked, by live reads.

    Source: Kargo's ``argocd-update`` health checker.
    """

    planes: ControlPlanes

    def __call__(self, question: HealthQuestion) -> Health:
        """Return how healthy the Applications are; unknown where Argo CD does not tell."""
        try:
            argocd = self.planes.for_shard(
                tenant_uid=question.tenant_uid,
                shard=question.shard,
                project_uid=question.project_uid,
            )
        except PlatformError as error:
            return Health(HealthState.UNKNOWN, (error.message,))
        if argocd is None:
            return Health(HealthState.UNKNOWN, (DISABLED,))
        wanted = checked_applications(question.config, default_namespace=argocd.default_namespace)
        try:
            return summed(_finding(argocd, it) for it in wanted)
        except ArgoCDUnauthorizedError as error:
            self.planes.tell_refused(
                tenant_uid=question.tenant_uid,
                shard=question.shard,
                project_uid=question.project_uid,
            )
            return summed(unreadable(it, reason=error.message) for it in wanted)


def _finding(argocd: ArgoCD, wanted: CheckedApplication) -> Finding:
    """Return what an Application says.

    Raises:
        ArgoCDUnauthorizedError: Argo CD refuses us, so that none says anything.
    """
    try:
        application = argocd.get(AppRef(wanted.namespace, wanted.name))
    except ArgoCDUnauthorizedError:
        raise
    except PlatformError as error:
        return unreadable(wanted, reason=error.message)
    finding = assess(application, desired=wanted.desired)
    if finding.is_stale:
        ask_to_refresh(argocd, application)
    return finding
