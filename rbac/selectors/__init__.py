"""Who somebody is, and what they were granted."""

from rbac.selectors.audit import audit_tenants
from rbac.selectors.people import (
    ADMIN_USERNAME,
    actor_for,
    actor_for_account,
    actor_name,
    admin_account,
    is_member,
    user_named,
)
from rbac.selectors.tokens import InvalidTokenError, authenticate_token

__all__ = [
    "ADMIN_USERNAME",
    "InvalidTokenError",
    "actor_for",
    "actor_for_account",
    "actor_name",
    "admin_account",
    "audit_tenants",
    "authenticate_token",
    "is_member",
    "user_named",
]
