"""Removes tenants that are to be deleted: keys, then rows some at a time, then files of this host.

Cut off anywhere, it goes on where it was: what is gone is not looked for again.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from common.clock import now as read_clock
from projects.models import Tenant
from projects.services.erasure import erase_some
from projects.services.tenant_keys import shred_keys
from promotions import queue
from promotions.models import WorkKind
from promotions.reconcilers.loop import Lease
from rbac import audit
from rbac.actors import controller

logger = logging.getLogger(__name__)

AT_ONCE = timedelta(0)
LONGEST_PASS_SECONDS = 5.0
"""Then others have their turn."""


@dataclass(frozen=True, slots=True)
class TenantReconciler:
    """Removes tenants.

    Attributes:
        sweep_files: Removes from this host what belongs to nothing in the database any more.
    """

    sweep_files: Callable[[], None]

    def __call__(self, uid: UUID, *, lease: Lease, now: datetime) -> timedelta | None:
        """Remove some of the tenant with this uid; ``None`` once nothing is left."""
        del now
        tenant = Tenant.objects.filter(uid=uid, deletion_requested_at__isnull=False).first()
        if tenant is None:
            return None
        with lease.transaction():
            shred_keys(tenant)
        ends = time.monotonic() + LONGEST_PASS_SECONDS
        while time.monotonic() < ends:
            if self._is_gone(tenant, lease=lease):
                self.sweep_files()
                logger.info("tenant deleted", extra={"tenant": tenant.name})
                return None
        return AT_ONCE

    def _is_gone(self, tenant: Tenant, *, lease: Lease) -> bool:
        with lease.transaction():
            removed = erase_some(tenant)
            is_gone = not Tenant.objects.filter(pk=tenant.pk).exists()
            if is_gone:
                _record(tenant, at=read_clock())
                queue.close_work(kind=WorkKind.TENANT, uid=tenant.uid)
            else:
                logger.info("tenant is being deleted", extra={"rows": removed})
        return is_gone


def _record(tenant: Tenant, *, at: datetime) -> None:
    act = audit.Act(
        action="tenant.erase",
        kind="Tenant",
        tenant_uid=tenant.uid,
        object_uid=tenant.uid,
        object_name=tenant.name,
    )
    audit.record(act, actor=controller("management-controller"), at=at)
