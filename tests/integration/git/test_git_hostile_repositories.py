"""Repositories that were made to do harm, or are merely odd."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from promotions.engine.runner import StepError
from promotions.gateways.git.gateway import GitGateway, open_git
from promotions.gateways.git.settings import GitSettings
from promotions.gateways.git.tree_limits import TreeLimits
from tests.fakes.git_origin import Origin, git
from tests.integration.git.conftest import Promotion

_START = (
    b"commit refs/heads/main\ncommitter A <a@example.com> 1700000000 +0000\ndata 1\nx\n"
    b"from refs/heads/main^0\n"
)


def import_files(origin: Origin, *blocks: bytes) -> None:
    """Commit what ``git fast-import`` makes of ``blocks``, however odd."""
    subprocess.run(
        ["git", "fast-import", "--quiet", "--force"],  # noqa: S607 - the tests want PATH's git
        cwd=origin.path,
        input=_START + b"".join(blocks),
        check=True,
    )


def blob(path: bytes, content: bytes, mode: bytes = b"100644") -> bytes:
    return b"M %s inline %s\ndata %d\n%s\n" % (mode, path, len(content), content)


def put(origin: Origin, path: str, content: bytes) -> None:
    """Commit a file under any path at all, by way of hand-made trees."""
    stored = subprocess.run(
        ["git", "hash-object", "-w", "--stdin"],  # noqa: S607 - the tests want PATH's git
        cwd=origin.path,
        input=content,
        capture_output=True,
        check=True,
    ).stdout.decode()
    entry = f"100644 blob {stored.strip()}\t{path.rpartition('/')[2]}\n"
    for folder in reversed(path.split("/")[:-1]):
        entry = f"040000 tree {_tree(origin, entry)}\t{folder}\n"
    commit = git("commit-tree", "-p", "main", "-m", "Evil", _tree(origin, entry), cwd=origin.path)
    git("update-ref", "refs/heads/main", commit, cwd=origin.path)


def _tree(origin: Origin, entry: str) -> str:
    return subprocess.run(
        ["git", "mktree"],  # noqa: S607 - the tests want PATH's git
        cwd=origin.path,
        input=entry,
        text=True,
        capture_output=True,
        check=True,
    ).stdout.strip()


@pytest.mark.parametrize(
    "path", [".git/hooks/post-checkout", ".GIT/config", "git~1/config", "a/.git/config", "a/../b"]
)
def test_a_path_that_means_git_s_own_folder_is_refused(
    promotion: Promotion, origin: Origin, path: str
) -> None:
    put(origin, path, b"#!/bin/sh\ntouch /tmp/owned\n")

    with pytest.raises(StepError, match=r"invalid path|damaged"):
        promotion.clone()

    assert not list(promotion.workdir.glob("repo-*"))


def test_links_are_written_as_links_and_steps_do_not_follow_them_out(
    promotion: Promotion, origin: Origin
) -> None:
    import_files(origin, blob(b"out", b"/etc", b"120000"), blob(b"up", b"../..", b"120000"))

    promotion.clone()
    with pytest.raises(StepError):
        promotion.commit(path="out/out")

    assert (promotion.workdir / "out/out").readlink() == Path("/etc")


def test_filters_and_hooks_of_a_repository_never_run(promotion: Promotion, origin: Origin) -> None:
    marker = promotion.workdir / "owned"
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    import_files(
        origin,
        blob(b".gitattributes", b"*.bin filter=lfs diff=lfs merge=lfs -text\n*.x filter=evil\n"),
        blob(b"large.bin", pointer),
        blob(b"a.x", b"plain\n"),
        blob(b".gitconfig", f'[filter "evil"]\n\tsmudge = touch {marker}\n'.encode()),
        blob(b".githooks/post-checkout", f"#!/bin/sh\ntouch {marker}\n".encode(), b"100755"),
    )

    promotion.clone()
    promotion.edit("changed\n", "a.x")
    promotion.commit()
    promotion.push()

    assert (promotion.workdir / "out/large.bin").read_bytes() == pointer
    assert origin.show("a.x") == "changed"
    assert not marker.exists()


def test_line_ends_and_odd_names_are_kept_to_the_byte(promotion: Promotion, origin: Origin) -> None:
    import_files(
        origin,
        blob(b"crlf.txt", b"a\r\nb\r\n"),
        blob(b"mixed.txt", b"a\r\nb\n"),
        blob(b'"caf\\351.txt"', b"caf\xe9\n"),
        blob(b'"tab\\there"', b"\xff\xfe\0"),
        blob(b"-rf", b"dash\n"),
    )

    promotion.clone()
    promotion.edit("tag: v2\n")
    promotion.commit()
    promotion.push()

    out = os.fsencode(promotion.workdir / "out")
    assert Path(os.fsdecode(out + b"/crlf.txt")).read_bytes() == b"a\r\nb\r\n"
    assert Path(os.fsdecode(out + b"/caf\xe9.txt")).read_bytes() == b"caf\xe9\n"
    changed = git("diff", "--name-only", "main~1", "main", cwd=origin.path)
    assert changed == "values.yaml"


def limited(gateway: GitGateway, settings: GitSettings, **limits: int) -> GitGateway:
    return open_git(replace(settings, trees=TreeLimits(**limits)))  # type: ignore[arg-type] # counts


def test_a_giant_that_is_nothing_in_the_repository_is_refused_before_it_is_written(
    promotion: Promotion, origin: Origin, settings: GitSettings, gateway: GitGateway
) -> None:
    import_files(origin, blob(b"giant", b"\0" * (3 * 2**20)), blob(b"apps/giant", b"\0" * 2**21))
    promotion.git = limited(gateway, settings, tree_bytes=4 * 2**20)

    with pytest.raises(StepError, match=r"more than 4 MiB.* under sparse"):
        promotion.clone()
    with pytest.raises(StepError, match="more than 4 MiB"):
        promotion.clone({"branch": "main", "path": "out", "sparse": ["apps/a"]})

    assert not (promotion.workdir / "out/giant").exists()


def test_the_small_part_of_a_giant_can_be_had(
    promotion: Promotion, origin: Origin, settings: GitSettings, gateway: GitGateway
) -> None:
    import_files(origin, blob(b"large/giant", b"\0" * (3 * 2**20)))
    promotion.git = limited(gateway, settings, tree_bytes=2**20)

    promotion.clone({"branch": "main", "path": "out", "sparse": ["apps/a"]})

    assert (promotion.workdir / "out/apps/a/x.yaml").exists()


def test_too_many_files_are_refused(
    promotion: Promotion, origin: Origin, settings: GitSettings, gateway: GitGateway
) -> None:
    import_files(origin, *(blob(b"many/%d" % number, b"x") for number in range(50)))
    promotion.git = limited(gateway, settings, tree_files=40)

    with pytest.raises(StepError, match="more than 40 files"):
        promotion.clone()


@pytest.mark.slow
def test_a_hundred_thousand_files_are_checked_out_sparsely_and_whole(
    promotion: Promotion, origin: Origin
) -> None:
    names = (b"m/%d/%d" % (number % 100, number) for number in range(100_000))
    import_files(origin, *(blob(name, b"x") for name in names))

    promotion.clone({"branch": "main", "path": "out", "sparse": ["m/7"]})
    assert len(list((promotion.workdir / "out/m").rglob("*"))) == 1001
    promotion.edit("y", "m/7/7")
    promotion.commit()
    promotion.push()
    promotion.clone()

    assert git("diff", "--name-only", "main~1", "main", cwd=origin.path) == "m/7/7"
    assert len(list((promotion.workdir / "out/m/8").iterdir())) == 1000
