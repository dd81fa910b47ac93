import multiprocessing
import os
import signal
import tempfile
import time
from pathlib import Path

import pytest

from promotions.gateways.git.gateway import open_git
from promotions.gateways.git.settings import GitSettings
from tests.fakes.git_http_server import serving
from tests.fakes.git_origin import Origin, git
from tests.integration.git.conftest import LOOPBACK, Promotion

WORKERS = 8
EACH = 3

_FRESH = multiprocessing.get_context("spawn")


def _promote(url: str, cache: Path, worker: int) -> None:
    """Make some promotions that each add a file to one branch."""
    for number in range(EACH):
        with tempfile.TemporaryDirectory(prefix="g-") as folder:
            promotion = Promotion(
                git=open_git(GitSettings(cache_dir=cache, allow_local=True)),
                workdir=Path(folder),
                url=url,
            )
            promotion.clone()
            promotion.edit("x", f"by-{worker}/{number}")
            promotion.commit(f"Change {worker}.{number}")
            promotion.push()


@pytest.mark.slow
def test_many_processes_push_to_one_branch_and_every_change_lands_once(
    origin: Origin, tmp_path: Path
) -> None:
    workers = [
        _FRESH.Process(target=_promote, args=(origin.url, tmp_path / "cache", number))
        for number in range(WORKERS)
    ]

    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=120)

    assert [worker.exitcode for worker in workers] == [0] * WORKERS
    subjects = origin.subjects()
    assert sorted(subjects[:-1]) == sorted(
        f"Change {worker}.{number}" for worker in range(WORKERS) for number in range(EACH)
    )
    mirrors = list((tmp_path / "cache/mirrors").glob("*/*/repo.git"))
    assert len(mirrors) == 1
    assert git("fsck", "--connectivity-only", cwd=mirrors[0]) == ""


def _clone_slowly(url: str, cache: Path, folder: str) -> None:
    Promotion(
        git=open_git(GitSettings(cache_dir=cache, egress=LOOPBACK)), workdir=Path(folder), url=url
    ).clone()


@pytest.mark.slow
def test_a_killed_worker_leaves_no_git_running_and_the_next_one_carries_on(
    origin: Origin, tmp_path: Path, short_path: Path
) -> None:
    with serving(tmp_path) as server:
        server.delay = lambda: time.sleep(5)
        url = f"{server.url}/origin.git"
        worker = _FRESH.Process(
            target=_clone_slowly, args=(url, tmp_path / "cache", str(short_path))
        )
        worker.start()
        _wait(lambda: bool(_running(server.url)))
        time.sleep(0.2)
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGKILL)
        worker.join()

        _wait(lambda: not _running(server.url))

        server.delay = lambda: None
        promotion = Promotion(
            git=open_git(GitSettings(cache_dir=tmp_path / "cache", egress=LOOPBACK)),
            workdir=short_path,
            url=url,
        )
        promotion.clone()
    assert (short_path / "out/values.yaml").read_text() == "tag: v1\n"


def _running(address: str) -> list[str]:
    """Return the command lines of the processes that talk to ``address``."""
    found: list[str] = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if address in line and "git" in line.split(" ")[0]:
            found.append(line)
    return found


def _wait(condition: object, *, seconds: float = 10) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
