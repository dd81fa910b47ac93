import multiprocessing
import os
import random
import shutil
import signal
import time
from pathlib import Path

import pytest

from promotions.gateways.git.gateway import GitGateway, open_git
from promotions.gateways.git.settings import GitSettings
from tests.fakes.git_origin import Origin
from tests.integration.git.warm import Warmth, fresh, listing, make_origin, with_trees

_FRESH = multiprocessing.get_context("spawn")


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    return make_origin(tmp_path / "origin.git")


@pytest.fixture
def warmth(gateway: GitGateway, origin: Origin, short_path: Path) -> Warmth:
    return Warmth(git=with_trees(gateway), url=origin.url, base=short_path)


def _many(url: str, cache: Path, base: Path, rounds: int) -> None:
    git = with_trees(open_git(GitSettings(cache_dir=cache, allow_local=True)))
    warmth = Warmth(git=git, url=url, base=base)
    for _ in range(rounds):
        with warmth.promotion() as promotion:
            promotion.clone()
            expected = {"values.yaml", "apps", "charts", "link", ".gitignore", ".git"}
            assert {it.name for it in (promotion.workdir / "out").iterdir()} == expected
            assert (promotion.workdir / "out/values.yaml").read_text() == "tag: v1\n"
            promotion.edit(f"tag: {os.getpid()}\n")
            promotion.edit("x", "junk/file")


@pytest.mark.slow
def test_many_processes_take_and_return_at_once(
    warmth: Warmth, origin: Origin, tmp_path: Path, short_path: Path
) -> None:
    cache = warmth.git.workspaces.runner.settings.cache_dir
    workers = [
        _FRESH.Process(target=_many, args=(origin.url, cache, short_path, 6)) for _ in range(4)
    ]

    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=120)

    assert [worker.exitcode for worker in workers] == [0] * 4
    assert warmth.left() == []


@pytest.mark.slow
def test_killed_at_any_moment_the_next_promotion_is_as_from_a_fresh_clone(
    warmth: Warmth, origin: Origin, tmp_path: Path, short_path: Path
) -> None:
    cache = warmth.git.workspaces.runner.settings.cache_dir
    expected = fresh(origin.url, tmp_path)
    chance = random.Random(4)  # noqa: S311 - moments, not secrets
    for _ in range(12):
        worker = _FRESH.Process(target=_many, args=(origin.url, cache, short_path, 1000))
        worker.start()
        time.sleep(0.6 + chance.random())
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGKILL)
        worker.join()
        for left in short_path.iterdir():
            warmth.git.workspaces.release(workdir=str(left))
            shutil.rmtree(left, ignore_errors=True)

        with warmth.promotion() as promotion:
            promotion.clone()
            assert listing(promotion.workdir / "out") == expected
    assert warmth.left() == []
