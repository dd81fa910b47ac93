"""Issues, notes the use of, and revokes the tokens that programs authenticate with."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q

from common.errors import ConflictError
from common.jsontypes import JSONValue
from rbac.actors import Actor
from rbac.audit import PLATFORM, Act, record
from rbac.models import ApiToken, ServiceAccount, User
from rbac.models.token import digest_of
from rbac.tokens import mint

_USE_IS_NOTED_EVERY = timedelta(minutes=1)


def issue_token(
    user: User,
    *,
    name: str,
    tenant_uid: UUID | None,
    expires_at: datetime | None,
    actor: Actor,
    now: datetime,
    claims: Mapping[str, JSONValue] | None = None,
) -> tuple[ApiToken, str]:
    """Create a token that acts as ``user``; return it and its plaintext, a JSON Web Token.

    The plaintext is shown here once: only its digest is kept. ``tenant_uid`` narrows the token to
    one tenant; without it the token reaches as far as its user. ``claims`` is what the token says
    of itself beside what all of them say.
    """
    minted = mint({"sub": user.username, **(claims or {}), **_dates(now, expires_at)})
    token = ApiToken(
        user=user,
        name=name,
        prefix=minted.prefix,
        digest=digest_of(minted.plaintext),
        tenant_uid=tenant_uid,
        created_at=now,
        expires_at=expires_at,
    )
    with transaction.atomic():
        token.save(force_insert=True)
        _record(token, action="token.issue", actor=actor, at=now)
    return token, minted.plaintext


def issue_role_token(
    account: ServiceAccount,
    *,
    name: str,
    expires_at: datetime | None,
    actor: Actor,
    now: datetime,
) -> tuple[ApiToken, str]:
    """Create a token that acts as a role; return it and its plaintext, which is shown here once.

    Raises:
        ConflictError: The namespace has a token of that name already.
    """
    subject = f"system:serviceaccount:{account.namespace}:{account.name}"
    minted = mint({"sub": subject, **_dates(now, expires_at)})
    token = ApiToken(
        service_account=account,
        namespace=account.namespace,
        name=name,
        prefix=minted.prefix,
        digest=digest_of(minted.plaintext),
        tenant_uid=account.tenant_uid,
        created_at=now,
        expires_at=expires_at,
    )
    try:
        with transaction.atomic():
            token.save(force_insert=True)
            _record(token, action="token.issue", actor=actor, at=now)
    except IntegrityError as error:
        raise ConflictError(f'secrets "{name}" already exists', code="exists") from error
    return token, minted.plaintext


def revoke_token(token: ApiToken, *, actor: Actor, now: datetime) -> None:
    """Stop a token from working, for good.

    Raises:
        ConflictError: It is revoked already.
    """
    with transaction.atomic():
        rows = ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True)
        if not rows.update(revoked_at=now):
            raise ConflictError(f'The token "{token.name}" is revoked already.')
        token.revoked_at = now
        _record(token, action="token.revoke", actor=actor, at=now)


def note_token_use(token: ApiToken, *, now: datetime) -> None:
    """Remember that a token was used now, to the minute: a busy token costs one write a minute."""
    stale = now - _USE_IS_NOTED_EVERY
    if token.last_used_at is not None and token.last_used_at > stale:
        return
    unnoted = Q(last_used_at__isnull=True) | Q(last_used_at__lte=stale)
    ApiToken.objects.filter(unnoted, pk=token.pk).update(last_used_at=now)


def _dates(now: datetime, expires_at: datetime | None) -> dict[str, JSONValue]:
    issued = int(now.timestamp())
    dates: dict[str, JSONValue] = {"iat": issued, "nbf": issued}
    return {**dates, "exp": int(expires_at.timestamp())} if expires_at else dates


def _record(token: ApiToken, *, action: str, actor: Actor, at: datetime) -> None:
    account, user = token.service_account, token.user
    subject = {"role": str(account)} if account else {"user": user.username if user else ""}
    act = Act(
        action=action,
        kind="ApiToken",
        tenant_uid=token.tenant_uid or PLATFORM,
        project_uid=account.project_uid if account else None,
        object_uid=token.uid,
        object_name=token.name,
        after={"prefix": token.prefix, **subject},
    )
    record(act, actor=actor, at=at)
