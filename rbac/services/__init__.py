"""Who gets in, and what they may do: accounts, tokens, grants and the question itself."""

from rbac.services.access import require, require_at
from rbac.services.accounts import create_operator
from rbac.services.default_roles import (
    make_project_roles,
    make_system_roles,
    remove_project_roles,
)
from rbac.services.memberships import grant_role, revoke_role
from rbac.services.tokens import issue_role_token, issue_token, note_token_use, revoke_token

__all__ = [
    "create_operator",
    "grant_role",
    "issue_role_token",
    "issue_token",
    "make_project_roles",
    "make_system_roles",
    "note_token_use",
    "remove_project_roles",
    "require",
    "require_at",
    "revoke_role",
    "revoke_token",
]
