"""Takes second factors from people who have lost them."""

from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db import transaction

from rbac.actors import Actor
from rbac.audit import PLATFORM, Act, record
from rbac.models import User


def remove_second_factor(user: User, *, actor: Actor, now: datetime) -> None:
    """Let a password alone let ``user`` in again; recovery codes go too."""
    with transaction.atomic():
        removed, _ = Authenticator.objects.filter(user=user).delete()
        if not removed:
            return
        act = Act(
            action="second-factor.remove",
            kind="User",
            tenant_uid=PLATFORM,
            object_uid=user.uid,
            object_name=user.username,
        )
        record(act, actor=actor, at=now)
