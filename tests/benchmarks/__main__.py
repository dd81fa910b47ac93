"""Runs every benchmark of this folder and prints their tables: ``python -m tests.benchmarks``.

Each runs in a process of its own for a bounded time; one that fails stops no other. The exit code
is 1 if any failed or missed its aim. Names as arguments run only those.
"""

import pkgutil
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.bounded import run_bounded
from tests.benchmarks.databases import on_each_database

LONGEST_SECONDS = {
    "promotion_latency": 220,
    "wake_latency": 110,
    "watch_fanout": 200,
    "promotion_vs_shell": 250,
    "push_contention": 120,
    "rest_lists": 150,
    "fair_tenants": 120,
    "idle_control_planes": 480,
    "applications_changing": 480,
    "promotion_chain": 480,
}
"""All in all about twenty minutes; a benchmark that is not named has a minute."""
_ON_EACH_DATABASE = "--on-each-database"
_OF_ONE_DATABASE = {
    "applications_changing",
    "idle_control_planes",
    "wake_latency",
    "watch_fanout",
}
_NOT_BENCHMARKS = {
    "__main__",
    "argocd_sites",
    "bounded",
    "counting_settings",
    "databases",
    "fleet",
    "git_promotions",
    "worker_costs",
}
_TAIL_LINES = 15


def names() -> list[str]:
    """Return the benchmark modules of this folder."""
    found = (module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    return sorted(name for name in found if name not in _NOT_BENCHMARKS)


def run(name: str) -> str:
    """Run one benchmark and let it print; return what was wrong with it, or nothing."""
    arguments = [f"tests.benchmarks.{name}"]
    if name in _OF_ONE_DATABASE:
        arguments = ["tests.benchmarks", _ON_EACH_DATABASE, name]
    longest = LONGEST_SECONDS.get(name, 60)
    with tempfile.TemporaryFile("w+") as errors:
        code = run_bounded(arguments, seconds=longest, errors=errors)
        if code == 0:
            return ""
        errors.seek(0)
        lines = [line for line in errors.read().splitlines() if " INFO " not in line]
    reason = f"took longer than {longest} s" if code is None else f"exit code {code}, see above"
    return "\n    ".join([reason, *lines[-_TAIL_LINES:]])


def main() -> int:
    """Run them all, or those that are named; return 1 if any failed."""
    if sys.argv[1:2] == [_ON_EACH_DATABASE]:
        return on_each_database(f"tests.benchmarks.{sys.argv[2]}")
    failures = {}
    for name in sys.argv[1:] or names():
        began = time.monotonic()
        _say(f"== {name}")
        if wrong := run(name):
            failures[name] = wrong
        _say(f"({time.monotonic() - began:.0f} s)\n")
    for name, wrong in failures.items():
        _say(f"FAILED  {name}: {wrong}")
    return int(bool(failures))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
