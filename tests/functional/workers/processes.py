"""Real worker processes: started, told apart, killed, and looked for afterwards."""

import atexit
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # its stubs are not installed

ROOT = Path(__file__).parents[3]
_ROLES = {"idle": "idle worker", "monitor": "monitor", "pusher": "pusher"}


def start_worker(*, workers: int, log: Path) -> subprocess.Popen[bytes]:
    """Start ``manage.py worker`` in this environment."""
    command = [sys.executable, str(ROOT / "manage.py"), "worker", "--workers", str(workers)]
    with log.open("ab") as output:
        worker = subprocess.Popen(  # noqa: S603 -- our own command
            command, stdout=output, stderr=output, start_new_session=True, cwd=_folder()
        )
    atexit.register(worker.kill)  # whatever goes wrong here, nothing stays
    return worker


def _folder() -> str:
    # Not told by the environment: a changed process title overwrites what shows of that.
    return os.path.realpath(os.environ["KARGO_VAR_DIR"])


def role_of(process: psutil.Process, supervisor: int) -> str:
    """Return what a process under a supervisor does."""
    title = " ".join(process.cmdline()).strip()
    if process.ppid() == supervisor:
        return "main"
    if " processing " in title:
        return "busy worker"
    return _ROLES.get(title.rsplit(" ", 1)[-1], "sentinel")


def family(supervisor: int) -> list[tuple[str, int]]:
    """Return (role, pid) of all that lives under a supervisor."""
    try:
        children = psutil.Process(supervisor).children(recursive=True)
        living = [child for child in children if child.status() != psutil.STATUS_ZOMBIE]
        return [(role_of(child, supervisor), child.pid) for child in living]
    except psutil.Error:  # one of them has just died
        return []


def is_complete(supervisor: int) -> bool:
    roles = {role for role, _ in family(supervisor)}
    return {"main", "sentinel", "monitor", "pusher"} <= roles and bool(
        roles & {"idle worker", "busy worker"}
    )


def pick(processes: list[tuple[str, int]]) -> tuple[str, int] | None:
    """Return a random process, the roles being equally likely."""
    if not processes:
        return None
    role = random.choice(sorted({role for role, _ in processes}))  # noqa: S311 -- no secret
    return random.choice([it for it in processes if it[0] == role])  # noqa: S311 -- no secret


def kill(pid: int, number: signal.Signals = signal.SIGKILL) -> bool:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def leftovers() -> list[str]:
    """Return the command lines of workers' processes: those in the folder they started in."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == _folder() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(process.cmdline()).strip())
        except psutil.Error:
            continue
    return found


def wait_until(condition: Callable[[], bool], *, seconds: float) -> bool:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if condition():
            return True
        time.sleep(0.05)
    return condition()
