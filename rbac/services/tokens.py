"""Issues, notes the use of, and revokes the tokens that programs authenticate with."""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from common.errors import ConflictError
from rbac.actors import Actor
from rbac.audit import PLATFORM, Act, record
from rbac.models import ApiToken, User
from rbac.models.token import TOKEN_START, digest_of

_PREFIX_BYTES = 5
_SECRET_BYTES = 32
_USE_IS_NOTED_EVERY = timedelta(minutes=1)


def issue_token(
    user: User,
    *,
    name: str,
    tenant_uid: UUID | None,
    expires_at: datetime | None,
    actor: Actor,
    now: datetime,
) -> tuple[ApiToken, str]:
    """Create a token that acts as ``user``; return it and its plaintext, ``kp_<prefix>_<secret>``.

    The plaintext is shown here once: only its digest is kept. ``tenant_uid`` narrows the token to
    one tenant; without it the token reaches as far as its user.
    """
    prefix = secrets.token_hex(_PREFIX_BYTES)
    plaintext = f"{TOKEN_START}{prefix}_{secrets.token_hex(_SECRET_BYTES)}"
    token = ApiToken(
        user=user,
        name=name,
        prefix=prefix,
        digest=digest_of(plaintext),
        tenant_uid=tenant_uid,
        created_at=now,
        expires_at=expires_at,
    )
    with transaction.atomic():
        token.save(force_insert=True)
        _record(token, action="token.issue", actor=actor, at=now)
    return token, plaintext


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


def _record(token: ApiToken, *, action: str, actor: Actor, at: datetime) -> None:
    act = Act(
        action=action,
        kind="ApiToken",
        tenant_uid=token.tenant_uid or PLATFORM,
        object_uid=token.uid,
        object_name=token.name,
        after={"prefix": token.prefix, "user": token.user.username},
    )
    record(act, actor=actor, at=at)
