"""What a host keeps of a tenant can be told from what it keeps of others, and removed."""

from pathlib import Path

import pytest

from promotions.gateways.git.eviction import CacheSweeper
from promotions.gateways.git.mirror import MIRRORS
from promotions.gateways.git.owners import TREES, mark_owner, pool_name
from promotions.gateways.git.settings import GitSettings

MINE, THEIRS = "0b0e5f5e-0000-4000-8000-000000000001", "0b0e5f5e-0000-4000-8000-000000000002"


@pytest.fixture
def sweeper(tmp_path: Path) -> CacheSweeper:
    return CacheSweeper(GitSettings(cache_dir=tmp_path))


def make_mirror(sweeper: CacheSweeper, key: str, owner: str = "") -> Path:
    folder = sweeper.settings.cache_dir / MIRRORS / key[:2] / key
    folder.mkdir(parents=True)
    (folder / "content").write_text(key)
    if owner:
        mark_owner(folder, owner)
    return folder


def make_pool(sweeper: CacheSweeper, key: str, owner: str) -> Path:
    folder = sweeper.settings.cache_dir / TREES / "idle" / pool_name(key, owner) / "tree"
    folder.mkdir(parents=True)
    return folder


def test_forgetting_a_tenant_leaves_what_is_anothers_or_everybodys(sweeper: CacheSweeper) -> None:
    mine, theirs = make_mirror(sweeper, "aa1", MINE), make_mirror(sweeper, "bb1", THEIRS)
    public = make_mirror(sweeper, "cc1")
    my_tree, their_tree = make_pool(sweeper, "aa1", MINE), make_pool(sweeper, "bb1", THEIRS)
    owners = sweeper.owners()

    sweeper.forget({MINE})

    assert owners == {MINE, THEIRS}
    assert [it.exists() for it in (mine, my_tree, theirs, their_tree, public)] == [
        False,
        False,
        True,
        True,
        True,
    ]
    assert sweeper.owners() == {THEIRS}


def test_an_owner_is_noted_once(sweeper: CacheSweeper) -> None:
    folder = make_mirror(sweeper, "aa1", MINE)

    mark_owner(folder, THEIRS)

    assert sweeper.owners() == {MINE}


def test_a_host_that_keeps_nothing_forgets_nothing(sweeper: CacheSweeper) -> None:
    sweeper.forget({MINE})

    assert sweeper.owners() == frozenset()
