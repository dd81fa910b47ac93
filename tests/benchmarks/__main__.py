"""Runs every benchmark of this folder and prints their tables: ``python -m tests.benchmarks``.

Each runs in a process of its own for a bounded time; one that fails stops no other. The exit code
is 1 if any failed or missed its aim.
"""

import os
import pkgutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.databases import on_each_database
from tests.functional.workers.processes import ROOT

LONGEST_SECONDS = {"promotion_latency": 250, "wake_latency": 120, "promotion_vs_shell": 200}
"""All in all less than ten minutes; a benchmark that is not named has 60 s."""
_ON_EACH_DATABASE = "wake_latency"
_NOT_BENCHMARKS = {"__main__", "databases"}
_RULE = "-" * 100


def names() -> list[str]:
    """Return the benchmark modules of this folder."""
    found = (module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    return sorted(name for name in found if name not in _NOT_BENCHMARKS)


def run(name: str) -> str:
    """Run one benchmark and let it print; return what was wrong with it, or nothing."""
    command = [sys.executable, "-m", f"tests.benchmarks.{name}"]
    if name == _ON_EACH_DATABASE:
        command = [sys.executable, "-m", "tests.benchmarks", "--on-each-database", name]
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(command, cwd=ROOT, stderr=log, process_group=0)
        longest = LONGEST_SECONDS.get(name, 60)
        try:
            code = process.wait(longest)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return f"took longer than {longest} s"
        if code == 0:
            return ""
        log.seek(0)
        tail = [line for line in log.read().splitlines() if " INFO " not in line][-15:]
    return "\n    ".join([f"exit code {code}", *tail])


def main() -> int:
    """Run them all; return 1 if any failed."""
    if sys.argv[1:2] == ["--on-each-database"]:
        return on_each_database(f"tests.benchmarks.{sys.argv[2]}")
    failures = {}
    for name in names():
        began = time.monotonic()
        _say(f"{name}\n{_RULE}")
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
