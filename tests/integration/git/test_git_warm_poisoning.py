"""Steps that try to leave something behind for the promotion after them."""

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from promotions.gateways.git.gateway import GitGateway
from tests.fakes.git_origin import Origin, git
from tests.integration.git.warm import Warmth, fresh, listing, make_origin, with_trees


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    return make_origin(tmp_path / "origin.git")


@pytest.fixture
def warmth(gateway: GitGateway, origin: Origin, short_path: Path) -> Warmth:
    return Warmth(git=with_trees(gateway), url=origin.url, base=short_path)


def _same_size_same_times(out: Path) -> None:
    target = out / "values.yaml"
    before = target.stat()
    with target.open("r+") as file:
        file.write("tag: v9\n")
    os.utime(target, ns=(before.st_atime_ns, before.st_mtime_ns))


def _later(out: Path) -> None:
    time.sleep(1.1)
    _same_size_same_times(out)


def _a_folder_behind_a_link(out: Path) -> None:
    (out / "apps").rename(out.parent / "moved")
    (out / "apps").symlink_to("../moved")


def _folders_swapped(out: Path) -> None:
    (out / "apps/a").rename(out / "apps/c")
    (out / "apps/b").rename(out / "apps/a")
    (out / "apps/c").rename(out / "apps/b")


def _files_swapped(out: Path) -> None:
    (out / "apps/a/x.yaml").rename(out / "t")
    (out / "apps/a/y.yaml").rename(out / "apps/a/x.yaml")
    (out / "t").rename(out / "apps/a/y.yaml")


def _links_out(out: Path) -> None:
    (out / "evil").symlink_to("/etc")
    (out / "values.yaml").unlink()
    (out / "values.yaml").symlink_to("/etc/passwd")
    (out / "apps/b/deep/up").symlink_to("../../../../..")


def _hooks_and_repositories(out: Path) -> None:
    for folder in (out / "apps", out / "apps/a", out / "nested"):
        folder.mkdir(exist_ok=True)
        (folder / ".git").mkdir()
        (folder / ".git/config").write_text('[core]\n\tfsmonitor = "touch /tmp/owned"\n')
        (folder / ".git/hooks").mkdir()
        (folder / ".git/hooks/post-checkout").write_text("#!/bin/sh\ntouch /tmp/owned\n")
        (folder / ".git/hooks/post-checkout").chmod(0o755)
    (out / "apps/b/.git").write_text("gitdir: /tmp/elsewhere\n")
    (out / "charts/.GIT").write_text("x")


def _root_git(out: Path) -> None:
    (out / ".git").unlink()
    (out / ".git").mkdir()
    (out / ".git/HEAD").write_text("ref: refs/heads/main\n")


def _permissions_that_git_does_not_know(out: Path) -> None:
    (out / "values.yaml").chmod(0o666)
    (out / "apps/a/x.yaml").chmod(0o600)


def _permissions(out: Path) -> None:
    (out / "values.yaml").chmod(0o777)
    (out / "charts/run.sh").chmod(0o644)
    (out / "apps/a").chmod(0o777)
    (out / "apps/b").chmod(0o000)


def _the_root_s_permissions(out: Path) -> None:
    out.chmod(0o777)


def _ignored_files(out: Path) -> None:
    (out / "cache").mkdir()
    (out / "cache/secret").write_text("s")
    (out / "apps/a/x.tmp").write_text("s")
    (out / "empty/inner").mkdir(parents=True)


def _attributes(out: Path) -> None:
    (out / ".gitattributes").write_text("* text eol=crlf filter=evil\n")
    (out / "apps/a/.gitattributes").write_text("* text eol=crlf\n")


def _index_flags(out: Path) -> None:
    git("update-index", "--assume-unchanged", "values.yaml", cwd=out)
    git("update-index", "--skip-worktree", "apps/a/x.yaml", cwd=out)
    (out / "values.yaml").write_text("evil: 1\n")
    (out / "apps/a/x.yaml").unlink()


def _index_that_agrees(out: Path) -> None:
    (out / "values.yaml").write_text("tag: v9\n")
    git("add", "-A", cwd=out)
    git("commit", "-q", "-m", "x", cwd=out)


def _info(out: Path) -> None:
    for admin in out.parent.glob("repo-*/repo/worktrees/*"):
        (admin / "info").mkdir(exist_ok=True)
        (admin / "info/exclude").write_text("*\n")
        (admin / "info/attributes").write_text("* eol=crlf text\n")
        (admin.parent.parent / "info").mkdir(exist_ok=True)
        (admin.parent.parent / "info/exclude").write_text("*\n")
    (out / "stays").write_text("x")


def _configuration(out: Path) -> None:
    git("config", "core.worktree", "/", cwd=out)
    git("config", "core.fsmonitor", "touch /tmp/owned", cwd=out)


def _hard_links(out: Path) -> None:
    os.link(out / "values.yaml", out.parent / "twin")
    (out.parent / "twin").write_text("tag: v9\n")


def _odd_files(out: Path) -> None:
    (out / "values.yaml").unlink()
    os.mkfifo(out / "values.yaml")
    os.mkfifo(out / "apps/pipe")
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(out / "s"))


def _folder_for_file(out: Path) -> None:
    (out / "values.yaml").unlink()
    (out / "values.yaml").mkdir()
    (out / "values.yaml/inner").write_text("x")
    for name in ("y.yaml", "x.yaml"):
        (out / "apps/a" / name).unlink()
    (out / "apps/a").rmdir()
    (out / "apps/a").write_text("a file")


def _nothing_left(out: Path) -> None:
    for path in out.iterdir():
        if path.is_dir() and not path.is_symlink():
            path.rename(out.parent / f"gone-{path.name}")
        else:
            path.unlink()


def _attached_properties(out: Path) -> None:
    for path in (out / "apps", out / "values.yaml"):
        os.setxattr(path, "user.evil", b"1")


ATTACKS = [
    _same_size_same_times, _later, _a_folder_behind_a_link, _folders_swapped, _files_swapped,
    _links_out, _hooks_and_repositories, _root_git, _permissions,
    _permissions_that_git_does_not_know, _the_root_s_permissions,
    _ignored_files, _attributes, _index_flags, _index_that_agrees, _info, _configuration,
    _hard_links, _odd_files, _folder_for_file, _nothing_left, _attached_properties,
]  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__.strip("_"))
@pytest.mark.parametrize("moved", [False, True], ids=["same commit", "new commit"])
def test_nothing_that_a_step_did_reaches_the_next_promotion(
    attack: Callable[[Path], None], *, moved: bool, warmth: Warmth, origin: Origin, tmp_path: Path
) -> None:
    with warmth.promotion() as warm_up:
        warm_up.clone()
    with warmth.promotion() as poisoned:
        poisoned.clone()
        attack(poisoned.workdir / "out")
    if moved:
        origin.commit({"apps/b/deep/z.yaml": "c: 2\n", "apps/new/n.yaml": "n\n"}, "Two")

    with warmth.promotion() as promotion:
        promotion.clone()

        out = promotion.workdir / "out"
        assert listing(out) == fresh(origin.url, tmp_path)
        assert (out / ".git").is_file()
        assert all(os.listxattr(path) == [] for path in (out, out / "apps", out / "values.yaml"))
        assert git("status", "--porcelain", "--ignored", cwd=out) == ""
        assert all(it.lstat().st_nlink == 1 for it in out.rglob("*") if not it.is_dir())
        assert git("ls-files", "-v", cwd=out).count("H ") == len(git("ls-files", cwd=out).split())
        promotion.edit("tag: v2\n")
        promotion.commit()
    assert warmth.left() == []
    assert not Path("/tmp/owned").exists()  # noqa: S108 - what the attacks would make
