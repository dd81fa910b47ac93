"""Fuzzes every step: nasty configurations, traps in the work directory, a server that lies."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from random import Random

from promotions.engine.registry import Registry
from promotions.steps.catalogue import builtin_steps
from tests.functional.hostile.outside import lying_outside
from tests.functional.hostile.trials import tried
from tests.fuzz.trial import try_all


@dataclass(frozen=True, slots=True)
class _Trial:
    """One run of a step; the seed makes everything else."""

    kind: str
    seed: int


def run(seconds: float, seed: int) -> list[str]:
    """Return the findings."""
    with (
        tempfile.TemporaryDirectory(prefix="kargo-fuzz-") as folder,
        lying_outside(Path(folder, "outside")) as outside,
    ):
        registry = Registry(builtin_steps(outside.ports))
        grounds = {kind: outside.ground(kind, Path(folder, kind)) for kind in registry.kinds()}

        def make(random: Random) -> object:
            return _Trial(random.choice(registry.kinds()), random.randrange(2**32))

        def attempt(made: object) -> None:
            assert isinstance(made, _Trial)
            outside.random.seed(made.seed)
            tried(made.kind, ground=grounds[made.kind], outside=outside, registry=registry)

        return try_all(make, attempt, seconds=seconds, seed=seed)
