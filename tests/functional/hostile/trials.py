"""Runs a step as the engine does and says what of its promises it has broken."""

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from random import Random
from types import FrameType

from common.errors import PlatformError
from common.jsontypes import JSONObject
from promotions.engine.gostrings import valid
from promotions.engine.outputs import plain_output
from promotions.engine.registry import Registry
from promotions.engine.runner import EffectingRunner, StepContext, StepError, StepResult
from tests.functional.hostile.configs import Pools, config_for
from tests.functional.hostile.grounds import CANARY, Ground
from tests.functional.hostile.outside import SECRET, Outside
from tests.unit.steps.contexts import context

LONGEST_SECONDS = 10.0


class TooSlowError(Exception):
    """A step took longer than any may here."""


def tried(kind: str, *, ground: Ground, outside: Outside, registry: Registry) -> None:
    """Run one step with a random configuration on new ground.

    Raises:
        AssertionError: It broke a promise.
        Exception: It raised what no step may.
    """
    ground.make()
    random = outside.random
    runner = registry.find(kind)
    pools = Pools(ground.paths(), outside.addresses)
    problems = registry.schema(kind).problems
    config = config_for(runner.schema, random, pools, fits=lambda it: not problems(it))
    asked = replace(context(ground.work, config), state=_state(random))
    if problems(config):
        return
    before = ground.fingerprint(ground.outside)
    if isinstance(runner, EffectingRunner):
        _check_would(runner, asked, ground=ground, outside=outside)
    _check_words(_said(lambda: runner.run(asked)), asked, ground)
    assert ground.fingerprint(ground.outside) == before, "something outside has changed"
    assert sorted(it.name for it in ground.folder.iterdir()) == ["outside", "work"]
    assert not ground.leaked(), "something from outside is in the work directory"


def _check_would(
    runner: EffectingRunner, asked: StepContext, *, ground: Ground, outside: Outside
) -> None:
    before, told = ground.fingerprint(ground.work), outside.told()
    _check_words(_said(lambda: runner.would(asked)), asked, ground)
    assert ground.fingerprint(ground.work) == before, "would() has changed the work directory"
    assert outside.told() == told, "would() has changed the platform"


def _said(act: Callable[[], StepResult | str]) -> str:
    """Return all that a step says, whether it returned or raised what it may."""
    try:
        with _limited():
            answer = act()
    except StepError as error:
        return f"{error.message} {_written(error.output)}"
    except PlatformError as error:
        return error.message
    if isinstance(answer, str):
        return answer
    return f"{answer.message} {_written(answer.output)}"


def _written(output: JSONObject | None) -> str:
    """Return an output as it is stored."""
    return valid(json.dumps(plain_output(output), ensure_ascii=False, allow_nan=False))


def _check_words(text: str, asked: StepContext, ground: Ground) -> None:
    """Check what a step says; it may repeat what it was configured with."""
    assert CANARY not in text, "a step shows what is outside"
    assert SECRET not in text, "a step shows a secret"
    is_asked_for = str(ground.folder) in json.dumps(asked.config)
    assert is_asked_for or str(ground.folder) not in text, (
        f"a step shows where work directories are: {text[:300]}"
    )


def _state(random: Random) -> JSONObject:
    """Return what an earlier invocation may have put out under the step's own alias."""
    return random.choice(({}, {"step-1": random.choice(_EARLIER)}))


_EARLIER: tuple[JSONObject, ...] = (
    {},
    {"pr": {"id": "x"}},
    {"pr": {"id": 7, "url": "u"}},
    {"pr": 3},
    {"number": 7},
    {"runID": 7},
    {"after": 3},
    {"after": 3, "dispatchedAt": "2026-01-02T03:04:05+00:00"},
    {"slack": {"threadTS": "1"}},
    {"key": "A-1"},
    {"commentID": "1"},
    {"commentID": 1},
)


@contextmanager
def _limited() -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TooSlowError(f"took longer than {LONGEST_SECONDS} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, LONGEST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
