"""Which mirrors go, and which stay; what killed processes leave is cleaned up."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from common.clock import now
from common.locks import file_lock
from promotions.gateways.git.eviction import CacheSweeper
from promotions.gateways.git.gateway import GitGateway, open_git
from promotions.gateways.git.mirror import MIRRORS, Mirror
from promotions.gateways.git.settings import CacheLimits, GitSettings
from promotions.ports.git import Remote
from tests.fakes.git_origin import Origin
from tests.integration.git.conftest import Promotion

DAY = timedelta(days=1)
ROOMY = CacheLimits(total_bytes=10**12, max_idle=14 * DAY)
CRAMPED = replace(ROOMY, total_bytes=0)


def _sweeper(settings: GitSettings, limits: CacheLimits) -> CacheSweeper:
    return CacheSweeper(replace(settings, cache=limits))


def _mirrored(gateway: GitGateway, origin: Origin, *, used_at: datetime) -> Mirror:
    remote = Remote(origin.url)
    next(gateway.repositories.walk(remote))
    mirror = gateway.repositories.mirrors.mirror(remote)
    os.utime(mirror.folder / "used", times=(used_at.timestamp(),) * 2)
    return mirror


@pytest.fixture
def mirrors(gateway: GitGateway, tmp_path: Path) -> list[Mirror]:
    """Three mirrors, the least recently used first."""
    return [
        _mirrored(
            gateway, Origin.create(tmp_path / f"r{number}.git"), used_at=now() - (3 - number) * DAY
        )
        for number in range(3)
    ]


def test_mirrors_that_nobody_reads_go(settings: GitSettings, mirrors: list[Mirror]) -> None:
    sweeper = _sweeper(settings, replace(ROOMY, max_idle=2.5 * DAY))

    removed = sweeper.sweep(now=now())

    assert removed == (mirrors[0].folder,)
    assert [mirror.folder.exists() for mirror in mirrors] == [False, True, True]


def test_the_least_recently_used_go_first_until_there_is_room(
    settings: GitSettings, mirrors: list[Mirror]
) -> None:
    sizes = [
        sum(path.lstat().st_blocks * 512 for path in mirror.folder.rglob("*") if path.is_file())
        for mirror in mirrors
    ]

    removed = _sweeper(settings, replace(ROOMY, total_bytes=sum(sizes) - 1)).sweep(now=now())

    assert removed == (mirrors[0].folder,)
    assert _sweeper(settings, replace(ROOMY, total_bytes=sum(sizes[1:]))).sweep(now=now()) == ()


def test_reading_a_mirror_makes_it_the_last_to_go(
    gateway: GitGateway, settings: GitSettings, mirrors: list[Mirror]
) -> None:
    next(gateway.repositories.walk(mirrors[0].remote))

    removed = _sweeper(settings, CRAMPED).sweep(now=now())

    assert removed == tuple(mirrors[number].folder for number in (1, 2, 0))


def test_a_mirror_that_is_gone_is_made_again(
    gateway: GitGateway, settings: GitSettings, mirrors: list[Mirror]
) -> None:
    _sweeper(settings, CRAMPED).sweep(now=now())

    assert next(gateway.repositories.walk(mirrors[0].remote)).subject == "Start"
    assert not list((settings.cache_dir / "trash").iterdir())


def test_a_promotion_that_runs_keeps_its_mirror(
    promotion: Promotion, gateway: GitGateway, settings: GitSettings, origin: Origin
) -> None:
    sweeper = _sweeper(settings, CRAMPED)
    promotion.clone()
    later = now() + 365 * DAY

    assert sweeper.sweep(now=later) == ()
    promotion.edit("tag: v2\n")
    promotion.commit()
    promotion.push()
    assert origin.show("values.yaml") == "tag: v2"

    for path in promotion.workdir.iterdir():
        path.rename(path.with_name(f"gone-{path.name}"))
    assert len(sweeper.sweep(now=later)) == 1


def test_a_mirror_that_is_being_read_or_fetched_stays(
    gateway: GitGateway, settings: GitSettings, origin: Origin
) -> None:
    sweeper = _sweeper(settings, CRAMPED)
    for number in range(3):
        origin.commit({"x": str(number)}, f"Commit {number}")
    walk = gateway.repositories.walk(Remote(origin.url))
    next(walk)

    assert sweeper.sweep(now=now()) == ()
    assert [record.subject for record in walk] == ["Commit 1", "Commit 0", "Start"]
    assert len(sweeper.sweep(now=now())) == 1


def test_what_killed_processes_left_is_removed(
    settings: GitSettings, mirrors: list[Mirror]
) -> None:
    folder, long_ago = mirrors[2].folder, (now() - 2 * DAY).timestamp()
    left = [
        folder / "making.git/objects",
        folder / "old-1234/objects",
        settings.cache_dir / "trash/abc/objects",
        settings.cache_dir / "ssh/keys-1",
    ]
    for path in left:
        path.mkdir(parents=True)
    (settings.cache_dir / "ssh/keys-1/id").write_text("a key")
    (settings.cache_dir / "hosts").mkdir(exist_ok=True)
    (settings.cache_dir / "locks").mkdir(exist_ok=True)
    files = [
        folder / "fetch.json.0a.draft",
        mirrors[2].git_dir / "objects/pack/tmp_pack_1",
        settings.cache_dir / "hosts/abc.json",
        settings.cache_dir / "locks/push-abc.lock",
    ]
    for path in files:
        path.write_text("")
    for path in (*files, settings.cache_dir / "ssh/keys-1"):
        os.utime(path, times=(long_ago, long_ago))
    fresh = settings.cache_dir / "ssh/keys-2"
    fresh.mkdir()

    _sweeper(settings, ROOMY).sweep(now=now())

    assert [path for path in (*left, *files) if path.exists()] == []
    assert fresh.exists()
    assert all(mirror.is_made for mirror in mirrors)


def test_a_folder_in_which_nothing_was_ever_fetched_goes_by_age(
    gateway: GitGateway, settings: GitSettings, origin: Origin
) -> None:
    gateway.repositories.list_refs(Remote(origin.url))

    assert _sweeper(settings, ROOMY).sweep(now=now()) == ()
    assert len(_sweeper(settings, ROOMY).sweep(now=now() + 20 * DAY)) == 1


def test_sweepers_at_the_same_time_do_not_stumble_over_each_other(settings: GitSettings) -> None:
    pool = settings.cache_dir / MIRRORS / "pool"
    for number in range(300):
        (pool / f"{number:03}").mkdir(parents=True)
    sweeper = _sweeper(settings, ROOMY)

    with ThreadPoolExecutor(8) as workers:
        sweeps = [workers.submit(sweeper.sweep, now=now() + 20 * DAY) for _ in range(8)]
        removed = [folder for sweep in sweeps for folder in sweep.result()]

    assert sorted(removed) == sorted(set(removed))
    assert len(removed) == 300
    assert list(pool.iterdir()) == []


def test_a_sweep_happens_once_in_a_while_and_by_one_worker(
    settings: GitSettings, mirrors: list[Mirror]
) -> None:
    sweeper = _sweeper(settings, CRAMPED)
    with file_lock(settings.cache_dir / "sweep.lock", timeout=timedelta(0)):
        sweeper.sweep_if_due(now=now())
    assert all(mirror.is_made for mirror in mirrors)

    sweeper.sweep_if_due(now=now())
    assert not any(mirror.is_made for mirror in mirrors)

    gateway = open_git(settings)
    next(gateway.repositories.walk(mirrors[0].remote))
    sweeper.sweep_if_due(now=now())
    assert mirrors[0].is_made
    sweeper.sweep_if_due(now=now() + timedelta(minutes=6))
    assert not mirrors[0].is_made


def test_a_cache_folder_that_cannot_be_written_is_no_reason_to_stop(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept")

    CacheSweeper(GitSettings(cache_dir=tmp_path / "file/cache")).sweep_if_due(now=now())

    assert (tmp_path / "file").read_text() == "kept"
