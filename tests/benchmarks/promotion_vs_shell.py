"""How long does a promotion take in the engine, against a shell script doing the same work?

Clone, set an image, build the kustomization (if kustomize or kubectl is here), commit, push.
*Cold* is the first promotion that a host ever makes of a repository: no mirror, no work tree.
*Warm* is any later one. Rounds alternate, so that all sides see the same disk and history.

Run as ``python -m tests.benchmarks.promotion_vs_shell [--rounds N] [--small-only] [--files N]``.
The exit code is 1 if an aim is missed.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.git_promotions import (
    APP,
    Promoter,
    Run,
    kustomize_command,
    make_repository,
)

SHELL_ENV = {
    "PATH": os.environ.get("PATH", os.defpath),
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "Shell",
    "GIT_AUTHOR_EMAIL": "shell@example.com",
    "GIT_COMMITTER_NAME": "Shell",
    "GIT_COMMITTER_EMAIL": "shell@example.com",
}
_SCRIPT = """
git clone -q file://{origin} {work}/w
cd {work}/w
sed -i 's/newTag: .*/newTag: {tag}/' {app}/kustomization.yaml
{build}
git add .
git commit -qm promote
git push -q origin HEAD:main
"""
_MILLISECONDS = 1000
_SHELL, _COLD, _WARM, _SPARSE = "shell script", "engine, cold", "engine, warm", "engine, sparse"
SMALL_AIMS = {_COLD: 1.3, _WARM: 1.3}
BIG_AIMS = {_COLD: 1.1, _WARM: 0.1, _SPARSE: 0.05}
"""Largest ratio to the shell script, by side."""


@dataclass
class Side:
    """One way to do it, and how long each round took in milliseconds."""

    name: str
    run: Run
    rounds: list[float] = field(default_factory=list)
    parts: dict[str, list[float]] = field(default_factory=dict)

    def round(self, base: Path, tag: str) -> None:
        work = Path(tempfile.mkdtemp(dir=base))
        started = time.perf_counter()
        parts = self.run(work, tag)
        self.rounds.append((time.perf_counter() - started) * _MILLISECONDS)
        for name, seconds in parts.items():
            self.parts.setdefault(name, []).append(seconds * _MILLISECONDS)
        shutil.rmtree(work)

    def forget(self) -> None:
        self.rounds.clear()
        self.parts.clear()

    @property
    def median(self) -> float:
        return statistics.median(self.rounds)


def by_shell(origin: Path) -> Run:
    """Return the plain shell script as a function."""
    command = kustomize_command()
    build = f"{' '.join(command)} {APP} > {APP}/built.yaml" if command else ":"

    def run(work: Path, tag: str) -> dict[str, float]:
        script = _SCRIPT.format(origin=origin, work=work, tag=tag, app=APP, build=build)
        subprocess.run(["/bin/sh", "-e", "-c", script], check=True, env=SHELL_ENV)  # noqa: S603 - fixed
        return {}

    return run


def cold(origin: Path, base: Path) -> Run:
    """Return a promotion on a host that has never seen the repository."""

    def run(work: Path, tag: str) -> dict[str, float]:
        return Promoter(origin, base / f"cold-{work.name}")(work, tag)

    return run


def measure(origin: Path, base: Path, *, rounds: int) -> list[Side]:
    """Run the sides in turn, after one that warms up."""
    cache = base / f"cache-{origin.name}"
    warm = Side(_WARM, Promoter(origin, cache))
    sparse = Side(_SPARSE, Promoter(origin, cache, sparse=True))
    sides = [Side(_SHELL, by_shell(origin)), Side(_COLD, cold(origin, base)), warm, sparse]
    for side in (warm, warm, sparse):
        side.round(base, f"v0.{time.time_ns()}")
        side.forget()
    for number in range(rounds):
        for side in sides:
            side.round(base, f"v{number}.{time.time_ns()}")
        for folder in base.glob("cold-*"):
            shutil.rmtree(folder)
    return sides


@contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def report(name: str, sides: list[Side], aims: dict[str, float]) -> bool:
    """Print one block of the table, and return whether all aims are met."""
    floor = sides[0].median
    met = True
    for side in sides:
        ratio = side.median / floor
        aim = aims.get(side.name)
        met = met and (aim is None or ratio <= aim)
        parts = "  ".join(f"{it} {statistics.median(ms):.0f}" for it, ms in side.parts.items())
        wanted = f"(aim {aim})" if aim is not None else ""
        print(  # noqa: T201 - a bench prints
            f"{name:<12} {side.name:<14} {side.median:9.1f} ms {ratio:7.3f} {wanted:<10} {parts}"
        )
    return met


def main() -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--big-rounds", type=int, default=3)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--small-only", action="store_true")
    options = parser.parse_args()
    print(f"{'files':<12} {'how':<14} {'median':>12} {'ratio':>7}            parts in ms")  # noqa: T201 - a bench prints
    with _scratch() as base:
        small = base / "small.git"
        make_repository(small, files=30, commits=50)
        met = report("30", measure(small, base, rounds=options.rounds), SMALL_AIMS)
        if not options.small_only:
            big = base / "big.git"
            make_repository(big, files=options.files, commits=2_000)
            sides = measure(big, base, rounds=options.big_rounds)
            met = report(f"{options.files}", sides, BIG_AIMS) and met
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
