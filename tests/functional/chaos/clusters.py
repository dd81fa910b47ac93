"""Supervised workers of which one process after the other is killed."""

import collections
import contextlib
import random
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # its stubs are not installed

from tests.functional.workers import processes

WORKERS = 2
_SUPERVISOR_SHARE = 0.08
_BUSY_SHARE = 0.5
_EARLY_SHARE = 0.1
"""How often a cluster is hit while it is still starting; more often, and it never would start."""

KILLING_SECONDS = 60.0
"""After so long the rest is done in peace, so that a slow machine is not kept from the end."""


class Clusters:
    """Two supervised clusters in this environment."""

    def __init__(self, folder: Path, *, count: int = 2) -> None:
        self.kills: collections.Counter[str] = collections.Counter()
        self._folder = folder
        self._supervisors = [self._start(index) for index in range(count)]
        self._over = threading.Event()
        self._killer = threading.Thread(target=self._kill_on, name="killer")

    def wait_until_up(self) -> None:
        def is_up() -> bool:
            return all(processes.is_complete(it.pid) for it in self._supervisors)

        if not processes.wait_until(is_up, seconds=30):
            raise RuntimeError(f"the workers did not start: {self.log_tail()}")

    def begin_killing(self) -> None:
        self._killer.start()

    def end_killing(self) -> None:
        self._over.set()
        self._killer.join()

    def stop(self) -> list[int]:
        """Stop them as an operator would; return the supervisors' exit codes."""
        for supervisor in self._supervisors:
            supervisor.terminate()
        codes = []
        for supervisor in self._supervisors:
            with contextlib.suppress(subprocess.TimeoutExpired):
                supervisor.wait(30)
            if supervisor.poll() is None:
                supervisor.kill()
            codes.append(supervisor.wait())
        return codes

    def log_tail(self, *, lines: int = 40) -> list[str]:
        """Return the end of what the workers logged."""
        found: list[str] = []
        for path in sorted(self._folder.glob("worker-*.log")):
            found += [f"{path.name}: {it}" for it in path.read_text().splitlines()[-lines:]]
        return found

    def _start(self, index: int) -> "subprocess.Popen[bytes]":
        log = self._folder / f"worker-{index}.log"
        return processes.start_worker(workers=WORKERS, log=log)

    def _kill_on(self) -> None:
        until = time.monotonic() + KILLING_SECONDS
        while time.monotonic() < until and not self._over.wait(
            random.uniform(0.3, 1.0)  # noqa: S311 -- no secret
        ):
            self._strike(random.randrange(len(self._supervisors)))  # noqa: S311 -- no secret

    def _strike(self, index: int) -> None:
        supervisor = self._supervisors[index]
        is_whole = processes.is_complete(supervisor.pid)
        if not is_whole and random.random() > _EARLY_SHARE:  # noqa: S311 -- no secret
            return
        if random.random() < _SUPERVISOR_SHARE:  # noqa: S311 -- no secret
            supervisor.kill()
            supervisor.wait()
            self.kills["supervisor"] += 1
            self._supervisors[index] = self._start(index)
            return
        victim = processes.pick(_candidates(supervisor.pid))
        if victim is not None and processes.kill(victim[1]):
            self.kills[victim[0]] += 1


def _candidates(supervisor: int) -> list[tuple[str, int]]:
    """Return (role, pid) of the cluster's processes; of only the busy ones every other time.

    What a step has started is left alone: it dies with its worker.
    """
    own = _cluster(supervisor)
    family = [(role, pid) for role, pid in processes.family(supervisor) if pid in own]
    busy = [it for it in family if it[0] == "busy worker"]
    return busy if busy and random.random() < _BUSY_SHARE else family  # noqa: S311 -- no secret


def _cluster(supervisor: int) -> set[int]:
    """Return the main process, its sentinel and the sentinel's children.

    By descent and not by looks: what a worker has just forked looks like the worker.
    """
    pids: set[int] = set()
    generation = [psutil.Process(supervisor)]
    with contextlib.suppress(psutil.Error):
        for _ in ("main", "sentinel", "workers"):
            generation = [child for parent in generation for child in parent.children()]
            pids |= {child.pid for child in generation}
    return pids


def leftovers(folder: Path) -> list[str]:
    """Return the command lines of processes that work anywhere below ``folder``."""
    return [line for line in map(_shown, psutil.process_iter()) if line.startswith(str(folder))]


def _shown(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        if process.status() != psutil.STATUS_ZOMBIE and process.pid != psutil.Process().pid:
            return f"{process.cwd()}: {' '.join(process.cmdline())}"
    return ""


def below(folder: Path) -> Iterator[Path]:
    """Yield what is directly in ``folder``, which need not exist."""
    if folder.is_dir():
        yield from folder.iterdir()
