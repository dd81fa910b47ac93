"""Many processes at one cache: they list, fetch, clone and sweep, and some are killed."""

import multiprocessing
import os
import random
import signal
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest

from common.clock import now
from common.errors import PlatformError
from promotions.engine.runner import StepError
from promotions.gateways.git.eviction import CacheSweeper
from promotions.gateways.git.gateway import open_git
from promotions.gateways.git.settings import CacheLimits, GitSettings
from promotions.ports.git import Remote
from tests.fakes.git_http_server import serving
from tests.fakes.git_origin import Origin, git
from tests.integration.git.conftest import LOOPBACK, Promotion

WORKERS = 4
SECONDS = 8.0
REPOSITORIES = 3

_FRESH = multiprocessing.get_context("spawn")


def _work(settings: GitSettings, base: str, seed: int, report: Path) -> None:
    """Do something at random, again and again; note what went wrong."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    ends = time.monotonic() + SECONDS
    while time.monotonic() < ends:
        act = chance.choice([_list, _walk, _walk, _promote, _promote, _sweep])
        try:
            act(settings, f"{base}/r{chance.randrange(REPOSITORIES)}.git")
        except (PlatformError, StepError) as error:
            with report.open("a") as file:
                file.write(f"{act.__name__}: {error}\n")


def _list(settings: GitSettings, url: str) -> None:
    open_git(settings).repositories.list_refs(Remote(url))


def _walk(settings: GitSettings, url: str) -> None:
    assert list(open_git(settings).repositories.walk(Remote(url), with_paths=True))


def _promote(settings: GitSettings, url: str) -> None:
    with tempfile.TemporaryDirectory(prefix="g-") as folder:
        promotion = Promotion(git=open_git(settings), workdir=Path(folder), url=url)
        promotion.clone()
        promotion.edit(f"tag: {time.monotonic_ns()}\n")
        promotion.commit()
        promotion.clear()


def _sweep(settings: GitSettings, _: str) -> None:
    for folder in CacheSweeper(settings).sweep(now=now()):
        with (settings.cache_dir / "removed").open("a") as file:
            file.write(f"{folder}\n")


class _Crew:
    """Workers of which one after the other is killed and replaced."""

    def __init__(self, settings: GitSettings, base: str, report: Path) -> None:
        self.kills = 0
        self._settings, self._base, self._report = settings, base, report
        self._chance = random.Random(1)  # noqa: S311 - no secret
        self._workers = [self._started() for _ in range(WORKERS)]

    def replace_one(self) -> None:
        victim = self._chance.randrange(WORKERS)
        os.kill(self._workers[victim].pid or 0, signal.SIGKILL)
        self._workers[victim].join()
        self._workers[victim] = self._started()
        self.kills += 1

    def ended(self) -> list[int | None]:
        """Wait until all have ended by themselves; return their exit codes."""
        for worker in self._workers:
            worker.join(timeout=60)
        return [worker.exitcode for worker in self._workers]

    def _started(self) -> multiprocessing.process.BaseProcess:
        seed = self._chance.randrange(10**6)
        worker = _FRESH.Process(target=_work, args=(self._settings, self._base, seed, self._report))
        worker.start()
        return worker


@pytest.mark.slow
def test_processes_that_are_killed_at_random_wedge_and_break_nothing(tmp_path: Path) -> None:
    origins = [Origin.create(tmp_path / f"r{number}.git") for number in range(REPOSITORIES)]
    crowded = CacheLimits(total_bytes=100_000)
    settings = GitSettings(cache_dir=tmp_path / "cache", egress=LOOPBACK, cache=crowded)
    calm = replace(settings, cache=CacheLimits())
    report = tmp_path / "report"
    with serving(tmp_path) as server:
        crew = _Crew(settings, server.url, report)
        ends = time.monotonic() + SECONDS
        while time.monotonic() < ends:
            time.sleep(0.5)
            crew.replace_one()
            origins[crew.kills % REPOSITORIES].commit({"x": str(crew.kills)}, "Next")
        codes = crew.ended()

        for number, origin in enumerate(origins):
            url = f"{server.url}/r{number}.git"
            _promote(calm, url)
            newest = next(open_git(calm).repositories.walk(Remote(url), branch="main"))
            assert newest.id == origin.branch("main")

    problems = report.read_text() if report.exists() else ""
    assert (codes, problems) == ([0] * WORKERS, "")
    assert crew.kills > 5
    assert len((settings.cache_dir / "removed").read_text().splitlines()) > 3
    CacheSweeper(calm).sweep(now=now())
    mirrors = list((tmp_path / "cache/mirrors").glob("*/*/repo.git"))
    assert len(mirrors) == REPOSITORIES
    for mirror in mirrors:
        assert git("fsck", "--full", cwd=mirror) == ""
        assert {path.name for path in mirror.parent.iterdir()} <= {
            "repo.git", "used", "borrowers", "fetch.json", "fetch.lock", "refs.json", "refs.lock",
        }  # fmt: skip
