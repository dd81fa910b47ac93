"""Identity and access: who there is, what they may do, what they did."""

from rbac.models.audit_event import AuditChain, AuditCheckpoint, AuditEvent
from rbac.models.identity import Identity
from rbac.models.membership import Membership
from rbac.models.role import (
    Role,
    RoleBinding,
    RoleBindingSubject,
    ServiceAccount,
    ServiceAccountClaim,
)
from rbac.models.token import ApiToken
from rbac.models.user import User

__all__ = [
    "ApiToken",
    "AuditChain",
    "AuditCheckpoint",
    "AuditEvent",
    "Identity",
    "Membership",
    "Role",
    "RoleBinding",
    "RoleBindingSubject",
    "ServiceAccount",
    "ServiceAccountClaim",
    "User",
]
