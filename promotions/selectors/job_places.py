"""Says on which cluster an analysis run's jobs are to run: that of its control plane, if any."""

from promotions.models import AnalysisRun
from promotions.ports.argocd import Transport
from promotions.ports.argocd_access import PlaneAccess
from promotions.selectors.control_planes import control_plane_for
from promotions.selectors.plane_access import reach_of


def cluster_of(run: AnalysisRun) -> PlaneAccess | None:
    """Return how the cluster is reached; ``None`` if no control plane there is a cluster.

    Raises:
        ConflictError: The control plane has no credential.
        InvalidError: Its credential cannot be used.
    """
    plane = control_plane_for(
        tenant_uid=run.project.tenant.uid, shard=run.shard, project_uid=run.project.uid
    )
    if plane is None or not plane.is_enabled:
        return None
    if plane.kind != Transport.KUBERNETES.value:
        return None
    return reach_of(plane).by_all()
