"""Reads what the processes under a worker have cost so far: CPU by what they do."""

from collections import defaultdict
from contextlib import suppress

import psutil  # type: ignore[import-untyped]  # its stubs are not installed

from tests.functional.workers.processes import role_of

_WATCHER = "watch_applications"


def cpu_seconds(supervisor: int) -> dict[str, float]:
    """Return the CPU seconds of a worker's processes by role, its own as ``supervisor``.

    What ended children took is counted with whoever waited for them.
    """
    spent: defaultdict[str, float] = defaultdict(float)
    worker = psutil.Process(supervisor)
    spent["supervisor"] = _seconds(worker)
    for child in worker.children(recursive=True):
        with suppress(psutil.Error):  # it has just ended
            spent[_role(child, supervisor)] += _seconds(child)
    return spent


def _role(child: psutil.Process, supervisor: int) -> str:
    if _WATCHER in child.cmdline():
        return "watcher"
    role = role_of(child, supervisor)
    return "workers" if role.endswith("worker") else role


def _seconds(process: psutil.Process) -> float:
    return float(sum(process.cpu_times()[:4]))
