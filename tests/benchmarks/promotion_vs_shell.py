"""How long does a promotion take in the engine, against a shell script doing the same Git work?

Run as ``python -m tests.benchmarks.promotion_vs_shell [--rounds N] [--small-only] [--files N]``.
Rounds alternate, so that both sides see the same disk and the same history.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from common.clock import now
from common.jsontypes import JSONObject
from promotions.engine.executor import Engine, Progress, PromotionPlan, run_promotion
from promotions.engine.expressions.templates import render
from promotions.engine.freight import FreightOrigin, FreightReference
from promotions.engine.inflation import Step, Variable
from promotions.engine.inputs import PromotionFacts
from promotions.engine.phases import PromotionPhase, StepRecord
from promotions.engine.registry import Registry
from promotions.gateways.git.gateway import open_git
from promotions.gateways.git.settings import GitSettings
from promotions.steps.git_clone import GitClone
from promotions.steps.git_commit import GitCommit
from promotions.steps.git_push import GitPush
from promotions.steps.yaml_update import YamlUpdate
from tests.fakes.git_ports import FixedCredentials, FixedIdentity

EDITED = "apps/g000/svc7/values.yaml"
_SCRIPT = """
git clone -q file://{origin} {work}/w
cd {work}/w
sed -i 's/tag: .*/tag: {tag}/' {edited}
git commit -qam promote
git push -q origin HEAD:main
"""
_SHELL_ENV = {
    "PATH": os.environ.get("PATH", os.defpath),
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "Shell",
    "GIT_AUTHOR_EMAIL": "shell@example.com",
    "GIT_COMMITTER_NAME": "Shell",
    "GIT_COMMITTER_EMAIL": "shell@example.com",
}
_MILLISECONDS = 1000


@dataclass
class Side:
    """One way to do it, and how long each round took."""

    name: str
    run: Callable[[Path, str], dict[str, float]]
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

    @property
    def median(self) -> float:
        return statistics.median(self.rounds)


def make_repository(path: Path, *, files: int, commits: int) -> None:
    """Make a bare repository with so many files and commits on ``main``."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", path], check=True)  # noqa: S603,S607 - fixed
    with subprocess.Popen(  # noqa: S603 - fixed
        ["git", "-C", path, "fast-import", "--quiet"],  # noqa: S607 - the bench wants PATH's git
        stdin=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        for block in _history(files, commits):
            process.stdin.write(block)
    subprocess.run(["git", "-C", path, "repack", "-adq"], check=True)  # noqa: S603,S607 - fixed


def _history(files: int, commits: int) -> Iterator[bytes]:
    for number in range(commits):
        stamp = 1_700_000_000 + number * 60
        message = f"change {number}".encode()
        yield b"commit refs/heads/main\n"
        yield f"committer A <a@example.com> {stamp} +0000\ndata {len(message)}\n".encode()
        yield message + b"\n"
        for index in range(files) if number == 0 else (number * 7919 % files,):
            text = _values(index, number)
            path = f"apps/g{index // 100:03d}/svc{index}/values.yaml"
            yield f"M 100644 inline {path}\ndata {len(text)}\n".encode() + text + b"\n"


def _values(index: int, number: int) -> bytes:
    lines = [f"app: svc{index}", "image:", f"  repository: example/svc{index}"]
    lines += [f"  tag: v1.{number}.0", "replicas: 2", "env:"]
    lines += [f"  - name: K{item}\n    value: '{index * item}'" for item in range(8)]
    return ("\n".join(lines) + "\n").encode()


def by_shell(origin: Path) -> Callable[[Path, str], dict[str, float]]:
    """Return the plain shell script as a function."""

    def run(work: Path, tag: str) -> dict[str, float]:
        script = _SCRIPT.format(origin=origin, work=work, tag=tag, edited=EDITED)
        subprocess.run(["/bin/sh", "-e", "-c", script], check=True, env=_SHELL_ENV)  # noqa: S603 - fixed
        return {}

    return run


def by_engine(
    origin: Path, cache: Path, *, sparse: bool
) -> Callable[[Path, str], dict[str, float]]:
    """Return a promotion by the engine as a function: expressions, schemas, steps, records."""
    git = open_git(GitSettings(cache_dir=cache, allow_local=True))
    credentials = FixedCredentials()
    registry = Registry(
        [
            GitClone(git.workspaces, credentials, FixedIdentity(), git.repositories),
            YamlUpdate(),
            GitCommit(git.workspaces),
            GitPush(git.workspaces, credentials),
        ]
    )
    engine = Engine(registry, render, now)

    def run(work: Path, tag: str) -> dict[str, float]:
        plan = _plan(origin, work, tag=tag, sparse=sparse)
        result = run_promotion(engine, plan, Progress(), save=lambda _: None)
        assert result.phase is PromotionPhase.SUCCEEDED, result.message
        return {record.alias: _took(record) for record in result.progress.records}

    return run


def _plan(origin: Path, work: Path, *, tag: str, sparse: bool) -> PromotionPlan:
    only: JSONObject = {"sparse": [str(Path(EDITED).parent)]} if sparse else {}
    checkout: JSONObject = {"branch": "main", "path": "./out", **only}
    freight = FreightReference(name="f", origin=FreightOrigin(name="w"))
    facts = PromotionFacts(
        "p", "s", "promo", freight, variables=(Variable("tag", tag), Variable("out", "./out"))
    )
    update: JSONObject = {"key": "image.tag", "value": "${{ quote(vars.tag) }}"}
    steps = (
        Step("git-clone", "clone", config={"repoURL": f"file://{origin}", "checkout": [checkout]}),
        Step("yaml-update", "edit", config={"path": f"./out/{EDITED}", "updates": [update]}),
        Step("git-commit", "commit", config={"path": "${{ vars.out }}", "message": "promote"}),
        Step("git-push", "push", config={"path": "${{ vars.out }}"}),
    )
    return PromotionPlan(facts, steps, tenant_uid="t", promotion_uid="u", workdir=str(work))


def _took(record: StepRecord) -> float:
    assert record.started_at is not None
    assert record.finished_at is not None
    return (record.finished_at - record.started_at).total_seconds()


def measure(origin: Path, base: Path, *, rounds: int, with_sparse: bool) -> list[Side]:
    """Run the sides in turn, once to warm up and then ``rounds`` times."""
    cache = base / f"cache-{origin.name}"
    sides = [
        Side("shell script", by_shell(origin)),
        Side("engine", by_engine(origin, cache, sparse=False)),
    ]
    if with_sparse:
        sides.append(Side("engine, sparse", by_engine(origin, cache, sparse=True)))
    for number in range(rounds + 1):
        for index, side in enumerate(sides):
            side.round(base, f"v{number}.{index}.{time.time_ns()}")
        if number == 0:
            for side in sides:
                side.rounds.clear()
                side.parts.clear()
    return sides


@contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def report(name: str, sides: list[Side]) -> None:
    """Print one block of the table."""
    floor = sides[0].median
    for side in sides:
        parts = "  ".join(f"{it} {statistics.median(ms):.0f}" for it, ms in side.parts.items())
        print(  # noqa: T201 - a bench prints
            f"{name:<20} {side.name:<14} {side.median:9.1f} ms   "
            f"{side.median / floor:6.3f}   {parts}"
        )


def main() -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--big-rounds", type=int, default=3)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--small-only", action="store_true")
    options = parser.parse_args()
    print(f"{'repository':<20} {'how':<14} {'median':>12}   ratio   parts in ms")  # noqa: T201 - a bench prints
    with _scratch() as base:
        small = base / "small.git"
        make_repository(small, files=30, commits=50)
        report("30 files", measure(small, base, rounds=options.rounds, with_sparse=True))
        if not options.small_only:
            big = base / "big.git"
            make_repository(big, files=options.files, commits=2_000)
            sides = measure(big, base, rounds=options.big_rounds, with_sparse=True)
            report(f"{options.files} files", sides)
    return 0


if __name__ == "__main__":
    sys.exit(main())
