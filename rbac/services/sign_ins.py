"""Keeps in the audit who signed in and out, who failed to, and whose password was set."""

from datetime import datetime
from uuid import UUID

from rbac.actors import UNKNOWN, Actor, ActorKind
from rbac.audit import PLATFORM, Act, record
from rbac.models import User


def note_sign_in(
    user: User, *, via: str, actor: Actor, now: datetime, tenant_uid: UUID = PLATFORM
) -> None:
    """Keep that somebody signed in; ``via`` says how: ``password``, or an identity provider."""
    record(_act(user, "user.sign_in", tenant_uid, via=via), actor=actor, at=now)


def note_sign_out(user: User, *, actor: Actor, now: datetime) -> None:
    """Keep that somebody signed out."""
    record(_act(user, "user.sign_out", PLATFORM), actor=actor, at=now)


def note_failed_sign_in(
    username: str, *, via: str, address: str, now: datetime, tenant_uid: UUID = PLATFORM
) -> None:
    """Keep that somebody tried to sign in.

    Of the name only if there is such an account: people type passwords where names belong.
    """
    user = User.objects.filter(username=username).first() if username else None
    actor = Actor(kind=ActorKind.USER, name=UNKNOWN, address=address)
    record(_act(user, "user.fail_sign_in", tenant_uid, via=via), actor=actor, at=now)


def note_password(user: User, *, actor: Actor, now: datetime) -> None:
    """Keep that an account was given another password."""
    record(_act(user, "user.set_password", PLATFORM), actor=actor, at=now)


def note_way_in(user: User, *, action: str, actor: Actor, now: datetime) -> None:
    """Keep that an account was given another way in, such as a second factor, or lost one."""
    record(_act(user, action, PLATFORM), actor=actor, at=now)


def _act(user: User | None, action: str, tenant_uid: UUID, *, via: str = "") -> Act:
    return Act(
        action=action,
        kind="User",
        tenant_uid=tenant_uid,
        object_uid=user.uid if user else None,
        object_name=user.username if user else "",
        after={"via": via} if via else None,
    )
