"""Tells whether somebody may have lost access to a tenant since it was last asked.

Whatever takes access away is an act, so the audit says it. The numbers of a chain are in the order
of commits: nothing slips in behind what was read.
"""

from collections.abc import Set as AbstractSet
from uuid import UUID

from rbac.models import AuditChain, AuditEvent
from rbac.models.audit_event import PLATFORM

_KINDS = frozenset(
    {
        "ApiToken",
        "ClusterRole",
        "ClusterRoleBinding",
        "Identity",
        "IdentityProvider",
        "Membership",
        "Project",
        "Role",
        "RoleBinding",
        "ServiceAccount",
        "Tenant",
        "User",
    }
)
_HARMLESS = frozenset(
    {
        "identity.create",
        "operator.create",
        "project.create",
        "project.update",
        "role.create",
        "role.grant",
        "role.grant_permission",
        "role.grant_to_users",
        "tenant.create",
        "tenant.resume",
        "tenant.update",
        "token.issue",
        "user.create",
        "user.fail_sign_in",
        "user.sign_in",
    }
)
"""What is done to those kinds and takes nothing from anybody."""


class Losses:
    """Remembers how far it has looked; for one thread at a time."""

    def __init__(self) -> None:
        self._seen: dict[UUID, int] = {}

    def new_ones(self, tenants: AbstractSet[UUID]) -> frozenset[UUID]:
        """Return in which of these tenants somebody may have lost access since the last look.

        Of a tenant that was not looked at before it may always be so; what becomes of people
        themselves, such as being switched off, counts in all.
        """
        wanted = {*tenants, PLATFORM}
        chains = AuditChain.objects.filter(tenant_uid__in=wanted)
        lengths = dict(chains.values_list("tenant_uid", "length"))
        before, self._seen = self._seen, {uid: lengths.get(uid, 0) for uid in wanted}
        lost = {uid for uid in wanted if _has_loss(uid, before.get(uid), self._seen[uid])}
        return frozenset(tenants if PLATFORM in lost else lost)


def _has_loss(tenant_uid: UUID, after: int | None, until: int) -> bool:
    if after is None:
        return True
    if until <= after:
        return False
    events = AuditEvent.objects.filter(
        tenant_uid=tenant_uid, sequence__gt=after, sequence__lte=until, kind__in=_KINDS
    )
    return events.exclude(action__in=_HARMLESS).exists()
