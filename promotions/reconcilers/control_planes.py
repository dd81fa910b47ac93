"""Looks at control planes again and again, each by itself: a dead one costs nobody else."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from projects.models.control_plane import ControlPlaneState
from promotions.ports.argocd import PlaneState
from promotions.ports.argocd_access import ArgoCDs
from promotions.reconcilers.loop import Lease
from promotions.selectors.control_planes import control_plane_by_uid
from promotions.services.control_plane_checks import (
    examine,
    note_findings,
    wake_who_waited,
)

logger = logging.getLogger(__name__)

AGAIN = timedelta(minutes=5)
SOON = timedelta(minutes=1)
"""How long until a control plane is looked at again: one that works or refuses us, and one that
does not answer."""


@dataclass(frozen=True, slots=True)
class ControlPlaneReconciler:
    """Checks control planes.

    Attributes:
        argocds: Opens what speaks to one.
    """

    argocds: ArgoCDs

    def __call__(self, uid: UUID, *, lease: Lease, now: datetime) -> timedelta | None:
        """Check the control plane with this uid; ``None`` if it is gone or switched off."""
        plane = control_plane_by_uid(uid)
        if plane is None or not plane.is_enabled:
            return None
        examined = examine(plane, argocds=self.argocds, now=now)
        state = examined.findings.state
        with lease.transaction():
            note_findings(plane, examined, now=now)
        wake_who_waited(plane, examined, now=now)
        if ControlPlaneState(plane.state) != state.value:
            facts = {"control_plane": plane.name, "from": plane.state, "to": state.value}
            logger.info("control plane changed", extra=facts)
        return SOON if state is PlaneState.UNREACHABLE else AGAIN
