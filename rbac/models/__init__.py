"""Identity and access: who there is, what they may do, what they did."""

from rbac.models.audit_event import AuditChain, AuditEvent
from rbac.models.role import RoleBinding, RoleName
from rbac.models.token import ApiToken
from rbac.models.user import User

__all__ = ["ApiToken", "AuditChain", "AuditEvent", "RoleBinding", "RoleName", "User"]
