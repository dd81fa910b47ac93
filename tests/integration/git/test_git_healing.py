"""Mirrors that a crash, a full disk or a person has damaged."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from promotions.gateways.git.gateway import GitGateway
from promotions.ports.git import Remote, RepositoryNotFoundError
from tests.fakes.git_origin import Origin, git
from tests.integration.git.conftest import Promotion, output


def _packs(git_dir: Path) -> list[Path]:
    return sorted((git_dir / "objects/pack").glob("*.pack"))


def _truncate_packs(git_dir: Path) -> None:
    for path in _packs(git_dir):
        path.chmod(0o600)
        path.write_bytes(path.read_bytes()[:-30])


def _flip_a_byte(git_dir: Path) -> None:
    for path in _packs(git_dir):
        path.chmod(0o600)
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 0xFF
        path.write_bytes(content)


def _lose_packs(git_dir: Path) -> None:
    for path in (git_dir / "objects/pack").iterdir():
        path.unlink()


def _lose_indexes(git_dir: Path) -> None:
    for path in (git_dir / "objects/pack").glob("*.idx"):
        path.unlink()


def _lose_an_object(git_dir: Path) -> None:
    """Leave the newest commit out of the pack."""
    listed = git("rev-list", "--objects", "--all", cwd=git_dir).splitlines()
    newest = git("rev-parse", "refs/remotes/origin/main", cwd=git_dir)
    _keep(git_dir, "\n".join(line for line in listed if not line.startswith(newest)))


def _keep(git_dir: Path, listed: str) -> None:
    """Put the objects of ``git rev-list --objects`` into the place of all packs."""
    _lose_packs(git_dir)
    ids = "\n".join(line.split()[0] for line in listed.splitlines())
    subprocess.run(  # noqa: S603 - the tests' own arguments
        ["git", "pack-objects", "-q", str(git_dir / "objects/pack/pack")],  # noqa: S607
        input=f"{ids}\n".encode(),
        cwd=git_dir.parents[4] / "origin.git",
        check=True,
        stdout=subprocess.DEVNULL,
    )


def _break_a_ref(git_dir: Path) -> None:
    loose = git_dir / "refs/remotes/origin/main"
    loose.parent.mkdir(parents=True, exist_ok=True)
    loose.write_text("")


def _garble_a_ref(git_dir: Path) -> None:
    _break_a_ref(git_dir)
    (git_dir / "refs/remotes/origin/main").write_text("\0\0\0\0")


def _point_to_nothing(git_dir: Path) -> None:
    _break_a_ref(git_dir)
    (git_dir / "refs/remotes/origin/main").write_text("1" * 40 + "\n")


def _cut_packed_refs(git_dir: Path) -> None:
    path = git_dir / "packed-refs"
    path.write_text(path.read_text()[:-20])


def _empty_packed_refs(git_dir: Path) -> None:
    (git_dir / "packed-refs").write_text("")


def _half_a_config(git_dir: Path) -> None:
    (git_dir / "config").write_text("[core]\n\trepositoryformatver")


def _no_config(git_dir: Path) -> None:
    (git_dir / "config").unlink()


def _lock_everything(git_dir: Path) -> None:
    (git_dir / "refs/remotes/origin").mkdir(parents=True, exist_ok=True)
    for name in ("packed-refs", "refs/remotes/origin/main", "config", "HEAD", "shallow"):
        (git_dir / f"{name}.lock").touch()
    (git_dir / "objects/pack/tmp_pack_aaaa").write_bytes(b"PACK")


def _become_a_file(git_dir: Path) -> None:
    shutil.rmtree(git_dir)
    git_dir.write_text("")


def _half_made(git_dir: Path) -> None:
    shutil.copytree(git_dir, git_dir.with_name("making.git"))
    shutil.rmtree(git_dir)


DAMAGES = [
    _truncate_packs, _flip_a_byte, _lose_packs, _lose_indexes, _lose_an_object, _break_a_ref,
    _garble_a_ref, _point_to_nothing, _cut_packed_refs, _empty_packed_refs, _half_a_config,
    _no_config, _lock_everything, _half_made, shutil.rmtree, _become_a_file,
]  # fmt: skip


@pytest.fixture
def git_dir(gateway: GitGateway, origin: Origin) -> Path:
    """The bare repository of a mirror with some history."""
    for number in range(20):
        origin.commit({f"file-{number}": f"{number}\n" * 50}, f"Commit {number}")
    remote = Remote(origin.url)
    next(gateway.repositories.walk(remote))
    return gateway.repositories.mirrors.mirror(remote).git_dir


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda it: it.__name__.strip("_"))
def test_discovery_finds_everything_in_spite_of(
    gateway: GitGateway, origin: Origin, git_dir: Path, damage: Callable[[Path], None]
) -> None:
    newest = origin.branch("main")
    damage(git_dir)

    records = list(gateway.repositories.walk(Remote(origin.url), branch="main", at=newest))

    assert [records[0].id, records[-1].subject, len(records)] == [newest, "Start", 21]
    assert gateway.repositories.commit_message(Remote(origin.url), newest) == "Commit 19"
    assert git("fsck", "--full", cwd=git_dir) == ""


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda it: it.__name__.strip("_"))
def test_a_promotion_succeeds_in_spite_of(
    promotion: Promotion, origin: Origin, git_dir: Path, damage: Callable[[Path], None]
) -> None:
    damage(git_dir)

    promotion.clone()
    promotion.edit("tag: v2\n")
    promotion.commit()
    pushed = promotion.push()

    assert output(pushed, "commit") == origin.branch("main")
    assert origin.show("values.yaml") == "tag: v2"


def test_a_walk_that_breaks_off_goes_on_where_it_was(
    gateway: GitGateway, origin: Origin, git_dir: Path
) -> None:
    newest = origin.branch("main")
    _keep(git_dir, git("rev-list", "--objects", "main", "--not", "main~5", cwd=origin.bobs))

    records = list(gateway.repositories.walk(Remote(origin.url), branch="main", at=newest))

    expected = [*(f"Commit {number}" for number in range(19, -1, -1)), "Start"]
    assert [record.subject for record in records] == expected


def test_running_promotions_go_on_while_their_mirror_is_made_again(
    gateway: GitGateway, promotion: Promotion, origin: Origin, git_dir: Path
) -> None:
    promotion.clone()
    promotion.edit("tag: v2\n")
    shutil.rmtree(git_dir / "objects")
    next(gateway.repositories.walk(Remote(origin.url)))

    promotion.commit()
    promotion.push()

    assert origin.show("values.yaml") == "tag: v2"


def test_a_push_heals_the_mirror_that_it_borrows_from(
    promotion: Promotion, origin: Origin, git_dir: Path
) -> None:
    promotion.clone()
    promotion.edit("tag: v2\n")
    promotion.commit()
    for path in _packs(git_dir):
        path.chmod(0o600)
        content = path.read_bytes()
        path.write_bytes(content[:12] + b"\xff" * (len(content) - 32) + content[-20:])

    promotion.push()

    assert origin.show("values.yaml") == "tag: v2"
    assert git("fsck", "--full", cwd=git_dir) == ""


def test_a_damaged_mirror_stays_until_the_remote_can_be_reached(
    gateway: GitGateway, origin: Origin, git_dir: Path
) -> None:
    (git_dir / "packed-refs").write_text("nonsense\n")
    origin.path.rename(origin.path.with_suffix(".away"))

    with pytest.raises(RepositoryNotFoundError):
        next(gateway.repositories.walk(Remote(origin.url), branch="main"))

    assert _packs(git_dir)
    origin.path.with_suffix(".away").rename(origin.path)
    assert next(gateway.repositories.walk(Remote(origin.url))).subject == "Commit 19"
