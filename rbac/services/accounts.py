"""Makes the accounts of operators."""

import secrets
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from common.errors import ConflictError, InvalidError
from rbac.actors import Actor
from rbac.audit import PLATFORM, Act, record
from rbac.models import User

_PASSWORD_BYTES = 18


def create_operator(
    username: str, email: str, *, password: str | None, actor: Actor, now: datetime
) -> tuple[User, str]:
    """Create somebody who may do everything; return the account and its password.

    A password of 144 random bits is made up when none is given. It is kept only as a hash: the
    returned text is the last chance to show it.

    Raises:
        InvalidError: The name or the address is not usable.
        ConflictError: The name is taken.
    """
    chosen = password or secrets.token_urlsafe(_PASSWORD_BYTES)
    user = User(username=username, email=email, is_staff=True, is_superuser=True)
    user.set_password(chosen)
    try:
        user.clean_fields()
    except ValidationError as error:
        raise InvalidError(f"The account is not valid: {'; '.join(error.messages)}") from error
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            _record_creation(user, actor=actor, at=now)
    except IntegrityError as error:
        raise ConflictError(
            f'An account "{username}" already exists; choose another name.'
        ) from error
    return user, chosen


def _record_creation(user: User, *, actor: Actor, at: datetime) -> None:
    act = Act(
        action="operator.create",
        kind="User",
        tenant_uid=PLATFORM,
        object_uid=user.uid,
        object_name=user.username,
        after={"email": user.email},
    )
    record(act, actor=actor, at=at)
