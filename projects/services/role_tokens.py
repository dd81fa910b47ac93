"""Creates and deletes the tokens of roles, which share their names with Secrets."""

from datetime import datetime

from django.db import transaction

from common.errors import ConflictError, InvalidError
from projects.models import Secret
from rbac.actors import Actor
from rbac.authorizer import Scope
from rbac.labels import SYSTEM_ROLE, TRUE
from rbac.models import ApiToken, ServiceAccount
from rbac.selectors.roles import service_account
from rbac.selectors.tokens import token_of_role
from rbac.services import issue_role_token, revoke_token
from rbac.services.escalation import require_holds_what_token_gives


@transaction.atomic
def create_role_token(
    where: Scope,
    role: str,
    *,
    name: str,
    expires_at: datetime | None,
    actor: Actor,
    now: datetime,
) -> tuple[ApiToken, str]:
    """Create a token that acts as a role; return it and its plaintext, which is shown once.

    Raises:
        NotFoundError: There is no role of that name.
        InvalidError: It is in the tenant's own namespace, and no system role.
        ConflictError: There is a token or a Secret of that name.
        ForbiddenError: ``actor`` does not hold what the role allows.
    """
    account = service_account(where, role)
    _refuse_no_system_role(account)
    if is_other_secret(where, name):
        raise ConflictError(f'secrets "{name}" already exists', code="exists")
    require_holds_what_token_gives(actor, account)
    return issue_role_token(account, name=name, expires_at=expires_at, actor=actor, now=now)


@transaction.atomic
def delete_role_token(where: Scope, name: str, *, actor: Actor, now: datetime) -> None:
    """Revoke a role's token; it stops working at once, and its name is free again.

    Raises:
        NotFoundError: There is none of that name.
        ConflictError: The Secret of that name is no token.
    """
    if is_other_secret(where, name):
        raise ConflictError(
            f'Secret "{name}" in namespace "{where.namespace}" is not labeled as a Kargo API token',
            code="not_a_token",
        )
    token = token_of_role(where.tenant_uid, where.namespace, name)
    revoke_token(token, actor=actor, now=now)


def is_other_secret(where: Scope, name: str) -> bool:
    """Return whether a namespace has a Secret of that name, which no token is."""
    rows = Secret.objects.filter(tenant__uid=where.tenant_uid, namespace=where.namespace)
    return rows.filter(name=name).exists()


def _refuse_no_system_role(account: ServiceAccount) -> None:
    if account.project_uid is None and account.labels.get(SYSTEM_ROLE) != TRUE:
        raise InvalidError(
            f'ServiceAccount "{account.name}" in namespace "{account.namespace}" is not labeled '
            "as a system-level Kargo role",
            code="no_system_role",
        )
