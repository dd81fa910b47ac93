"""A worker that is killed at one moment of one step, and another that carries on.

The first worker is a forked process that runs the platform's own reconcilers on the tests'
database. It is killed with SIGKILL: no handler runs, nothing is tidied up.
"""

import os
import re
import shutil
import signal
import sys
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any

from django.db import connection, connections
from django.db.models.functions import Now

from promotions.engine.registry import Registry
from promotions.engine.retry import POLL_FLOOR
from promotions.engine.runner import EffectingRunner, StepContext, StepResult, StepRunner
from promotions.models import Promotion, Work, WorkKind
from promotions.reconcilers.promotions import PromotionReconciler
from tests.functional.domain.world import World


class Moment(StrEnum):
    """When the worker dies."""

    BEFORE = "before"
    """The effect was asked for, and did not happen."""

    DURING = "during"
    """The effect happened, and the worker never heard of it."""

    AFTER = "after"
    """The step has returned, and its outcome is not stored."""


class Resumption(StrEnum):
    """What the next worker finds."""

    SAME_HOST = "same-host"
    OTHER_HOST = "other-host"
    """The work directory is gone: the promotion begins at its first step again."""


@dataclass
class Reaper:
    """Kills the worker once, at its moment; whoever stands for the outside calls it.

    Attributes:
        pid: The worker that may be killed; 0 if none is.
    """

    moment: Moment
    pid: int = 0
    struck: list[Moment] = field(default_factory=list)

    def strike(self, moment: Moment) -> bool:
        """Kill the worker if this is the moment; return whether it is dead now."""
        if moment is not self.moment or not self.pid or self.struck:
            return False
        self.struck.append(moment)
        os.kill(self.pid, signal.SIGKILL)
        return True


@dataclass(frozen=True)
class Statement:
    """An SQL statement that has an effect, which a worker does not survive.

    Attributes:
        sql: What the statement begins with.
        having: What is among its parameters.
    """

    sql: str
    having: str
    moment: Moment

    def install(self) -> None:
        """Watch this process's connection."""
        connection.execute_wrappers.append(self)

    def __call__(
        self,
        execute: Callable[..., Any],
        sql: str,
        params: Any,
        many: bool,  # noqa: FBT001 - Django passes it so
        context: Any,
    ) -> Any:
        is_effect = sql.startswith(self.sql) and re.search(self.having, str(params)) is not None
        if is_effect and self.moment is Moment.BEFORE:
            os.kill(os.getpid(), signal.SIGKILL)
        done = execute(sql, params, many, context)
        if is_effect and self.moment is Moment.DURING:
            os.kill(os.getpid(), signal.SIGKILL)
        return done


class Doomed:
    """A step runner whose worker dies when the step has returned."""

    def __init__(self, runner: StepRunner) -> None:
        self._runner = runner
        self.kind = runner.kind
        self.schema = runner.schema
        self.effect = runner.effect
        self.propagates_output = runner.propagates_output
        self.default_timeout = runner.default_timeout
        self.default_error_threshold = runner.default_error_threshold

    def run(self, context: StepContext) -> StepResult:
        """Run the step; nobody hears of what it came to."""
        self._runner.run(context)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("nobody survives that")

    def would(self, context: StepContext) -> str:
        """Say what the step would do."""
        return self._runner.would(context) if isinstance(self._runner, EffectingRunner) else ""


def doomed(world: World, kind: str) -> World:
    """Return the world with a worker that dies after the step of this kind."""
    return with_steps(world, lambda it: Doomed(it) if it.kind == kind else it)


def with_steps(world: World, change: Callable[[StepRunner], StepRunner]) -> World:
    """Return the world with other steps."""
    reconciler = world.reconcilers[WorkKind.PROMOTION]
    assert isinstance(reconciler, PromotionReconciler)
    registry = reconciler.engine.registry
    runners = [change(registry.find(it)) for it in registry.kinds()]
    engine = replace(reconciler.engine, registry=Registry(runners))
    kinds = {**world.reconcilers, WorkKind.PROMOTION: replace(reconciler, engine=engine)}
    return replace(world, reconcilers=kinds)


def die(build: Callable[[], World], reaper: Reaper, *, kind: str) -> None:
    """Let a worker run until it is killed at the step of this kind.

    Args:
        build: Makes the world anew, in the worker: it must share no connection with this process.
        reaper: Who kills it.
        kind: The kind of step under test.
    """
    reading, writing = os.pipe()
    connections.close_all()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the fakes' threads stay here
        pid = os.fork()
    if pid == 0:
        _work(build, reading, kind=kind if reaper.moment is Moment.AFTER else "")
    reaper.pid = pid
    os.write(writing, b"!")
    _, status = os.waitpid(pid, 0)
    reaper.pid = 0
    os.close(reading)
    os.close(writing)
    assert os.WIFSIGNALED(status), f"the worker was not killed, but ended with {status}"
    assert os.WTERMSIG(status) == signal.SIGKILL


def resume(world: World, promotion: Promotion, *, how: Resumption) -> Promotion:
    """Let another worker carry on after the lease of the dead one; return the promotion.

    Whenever the promotion waits, the time that it waits for goes by.
    """
    if how is Resumption.OTHER_HOST:
        shutil.rmtree(world.work_dir)
    for _ in range(20):
        Work.objects.exclude(lease_until=None).update(lease_until=Now() - timedelta(seconds=1))
        Work.objects.filter(kind=WorkKind.PROMOTION).update(due_at=Now())
        world.settle()
        world.ahead += POLL_FLOOR
        promotion.refresh_from_db()
        if promotion.is_terminal:
            break
    return promotion


def _work(build: Callable[[], World], reading: int, *, kind: str) -> None:
    """Be the worker: settle, and never come back."""
    code = 1
    try:
        os.read(reading, 1)
        world = build()
        (doomed(world, kind) if kind else world).settle()
        code = 0
    except BaseException:  # noqa: BLE001 - whatever it is, this process must not return to pytest
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)
