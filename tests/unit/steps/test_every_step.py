"""What every step promises, whatever it is configured with and whatever lies in its way.

It returns or raises what a step may, in bounded time; nothing outside its work directory is
changed or shown; no message names a secret or where work directories are; and saying what it
would do changes nothing at all. ``make fuzz TARGETS=steps`` goes on where this ends.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from promotions.engine.registry import Registry
from promotions.steps.catalogue import builtin_steps
from tests.functional.hostile.outside import Outside, lying_outside, step_kinds
from tests.functional.hostile.trials import tried

_ATTEMPTS = 10


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    with lying_outside(tmp_path_factory.mktemp("outside")) as running:
        yield running


@pytest.mark.slow
@pytest.mark.parametrize("kind", step_kinds())
def test_a_step_keeps_its_promises(kind: str, outside: Outside, tmp_path: Path) -> None:
    registry = Registry(builtin_steps(outside.ports))
    ground = outside.ground(kind, tmp_path / "ground")

    for attempt in range(_ATTEMPTS):
        outside.random.seed(f"{kind} {attempt}")
        tried(kind, ground=ground, outside=outside, registry=registry)
