"""What django-q2 calls: ids in, one call."""

import os
from collections.abc import Mapping
from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from promotions import wiring
from promotions.models import WorkKind
from promotions.reconcilers import loop
from promotions.reconcilers.loop import Reconcile


def work_through(*, shard: str, **_: object) -> int:
    """Do what is due in ``shard``; ignores arguments that newer callers add."""
    passes = loop.work_through(shard, reconcilers(), keep_going=_keep_going)
    wiring.sweep_host()
    return passes


@cache
def reconcilers() -> Mapping[WorkKind, Reconcile]:
    """Return this process's reconcilers, made by what ``settings.RECONCILERS`` names."""
    made: Mapping[WorkKind, Reconcile] = import_string(settings.RECONCILERS)()
    return made


def preload() -> None:
    """Import what passes need, once, before the worker processes are forked."""
    import_string(settings.RECONCILERS)


def _keep_going() -> bool:
    """Touch the heartbeat that the supervisor watches; return whether it wants us to go on.

    It writes to the file, which is otherwise empty, when it wants us to stop.
    """
    heartbeat: int = settings.WORKER_HEARTBEAT_FD
    if heartbeat < 0:
        return True
    os.utime(heartbeat)
    return os.fstat(heartbeat).st_size == 0
