"""How many promotions a minute do 50 stages get that all push to one branch?

Against one shell that does the same work, one after the other: nobody to contend with. Each stage
edits a file of its own; every change must be on the branch exactly once at the end, or the
benchmark fails. Workers are processes of one host, and then of two, which share no locks.

Run as ``python -m tests.benchmarks.push_contention [--stages N] [--workers N]``.
"""

import argparse
import multiprocessing
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.git_promotions import FilePromoter, make_repository
from tests.benchmarks.promotion_vs_shell import SHELL_ENV

AIM = 0.3
"""Fewest promotions a minute, as a share of what the shell manages with nobody beside it: each
push to a branch that has moved is a push, a fetch, a rebase and a push, and they take turns."""
_SCRIPT = """
git clone -q file://{origin} {work}/w
cd {work}/w
mkdir -p stages
echo {tag} > stages/{stage}.yaml
git add .
git commit -qm "Promote {stage}"
git push -q origin HEAD:main
"""
_SECONDS = 60
_FRESH = multiprocessing.get_context("spawn")


def by_shell(origin: Path, base: Path, *, stages: int) -> float:
    """Promote one stage after the other; return how long that took in seconds."""
    started = time.perf_counter()
    for number in range(stages):
        work = Path(tempfile.mkdtemp(dir=base))
        script = _SCRIPT.format(origin=origin, work=work, tag=number, stage=f"shell-{number}")
        subprocess.run(["/bin/sh", "-e", "-c", script], check=True, env=SHELL_ENV)  # noqa: S603 - fixed
        shutil.rmtree(work)
    return time.perf_counter() - started


def _work(origin: Path, cache: Path, base: Path, stages: list[str], ready: Path) -> None:
    promote = FilePromoter(origin, cache)
    while not ready.exists():
        time.sleep(0.005)
    for stage in stages:
        work = Path(tempfile.mkdtemp(dir=base))
        promote(work, stage)
        shutil.rmtree(work)


def by_engine(origin: Path, base: Path, *, stages: int, workers: int, hosts: int) -> float:
    """Promote all stages by workers that take turns at nothing; return the seconds."""
    name = f"hosts{hosts}"
    ready = base / f"ready-{name}"
    running = [
        _FRESH.Process(
            target=_work,
            args=(
                origin,
                base / f"cache-{name}-{worker % hosts}",
                base,
                [f"{name}-{number}" for number in range(worker, stages, workers)],
                ready,
            ),
        )
        for worker in range(workers)
    ]
    for process in running:
        process.start()
    time.sleep(2)  # until all have imported what they need
    started = time.perf_counter()
    ready.touch()
    for process in running:
        process.join()
    took = time.perf_counter() - started
    if any(process.exitcode for process in running):
        raise SystemExit("a worker failed, see above")
    return took


def lost(origin: Path, expected: set[str]) -> int:
    """Return how many of the stages' changes are not on the branch exactly once."""
    listed = subprocess.run(  # noqa: S603 - fixed
        ["git", "-C", origin, "log", "--format=%s", "main"],  # noqa: S607 - the bench wants PATH's git
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    files = subprocess.run(  # noqa: S603 - fixed
        ["git", "-C", origin, "ls-tree", "--name-only", "main:stages"],  # noqa: S607 - as above
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    return sum(
        listed.count(f"Promote {stage}") != 1 or f"{stage}.yaml" not in files for stage in expected
    )


def main() -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stages", type=int, default=50)
    parser.add_argument("--workers", type=int, default=4)
    options = parser.parse_args()
    stages, met = options.stages, True
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
        base = Path(folder)
        origin = base / "origin.git"
        make_repository(origin, files=30, commits=50)
        floor = by_shell(origin, base, stages=stages)
        _say("one shell, one by one", floor, stages=stages, floor=floor)
        for hosts in (1, 2):
            took = by_engine(origin, base, stages=stages, workers=options.workers, hosts=hosts)
            gone = lost(origin, {f"hosts{hosts}-{number}" for number in range(stages)})
            _say(
                f"{options.workers} workers on {hosts} host{'s'[: hosts - 1]}",
                took,
                stages=stages,
                floor=floor,
                more=f"lost updates: {gone}",
            )
            met = met and not gone and (hosts > 1 or floor / took >= AIM)
    return 0 if met else 1


def _say(who: str, took: float, *, stages: int, floor: float, more: str = "") -> None:
    rate = stages / took * _SECONDS
    print(f"{who:<24} {rate:7.0f} promotions a minute   {floor / took:5.2f}   {more}")  # noqa: T201 - a bench prints


if __name__ == "__main__":
    sys.exit(main())
