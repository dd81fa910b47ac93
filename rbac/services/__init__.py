"""Who gets in, and what they may do: accounts, tokens, grants and the question itself."""

from rbac.services.access import require
from rbac.services.accounts import create_operator
from rbac.services.grants import grant_role, revoke_role
from rbac.services.tokens import issue_token, note_token_use, revoke_token

__all__ = [
    "create_operator",
    "grant_role",
    "issue_token",
    "note_token_use",
    "require",
    "revoke_role",
    "revoke_token",
]
