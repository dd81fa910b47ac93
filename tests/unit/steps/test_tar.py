"""The ``tar`` step."""

import os
import shutil
import stat
import subprocess
import tarfile
from pathlib import Path

import pytest

from common.jsontypes import JSONObject
from promotions.engine.runner import StepError, StepRunner
from promotions.steps.tar import Tar
from promotions.steps.untar import Untar
from tests.unit.steps.archives import tree
from tests.unit.steps.contexts import context
from tests.unit.steps.paths import SECRET, nothing_outside, trapped

STEP: StepRunner = Tar()
UNTAR: StepRunner = Untar()
MIB = 1024**2


def tar(workdir: Path, **config: str | bool) -> Path:
    full: JSONObject = {"inPath": "in", "outPath": "out.tar", **config}
    STEP.run(context(workdir, full))
    return workdir / str(full["outPath"])


def write(workdir: Path, *paths: str) -> None:
    for path in paths:
        (workdir / path).parent.mkdir(parents=True, exist_ok=True)
        (workdir / path).write_text(path)


def extract(archive: Path, directory: Path) -> None:
    command = ["tar", "-xf", str(archive), "-C", str(directory)]
    subprocess.run(command, check=True)  # noqa: S603 - of the tests' own making


def names(archive: Path) -> list[str]:
    with tarfile.open(archive) as opened:
        return [f"{it.name}/" if it.isdir() else it.name for it in opened]


@pytest.mark.parametrize("packed", [True, False])
def test_what_is_archived_is_what_other_tools_extract(
    tmp_path: Path,
    packed: bool,  # noqa: FBT001 - a table
) -> None:
    write(tmp_path, "in/b", "in/a/x", "in/a-b", "in/" + "long/" * 40 + "é")
    (tmp_path / "in/b").chmod(0o755)
    (tmp_path / "in/link").symlink_to("/nowhere")
    (tmp_path / "in/empty").mkdir()

    archive = tar(tmp_path, outPath="new/dir/out", gzip=packed)
    (tmp_path / "there").mkdir()
    extract(archive, tmp_path / "there")

    assert tree(tmp_path / "there") == tree(tmp_path / "in")
    assert stat.S_IMODE((tmp_path / "there/b").stat().st_mode) == 0o755
    assert names(archive)[:6] == ["a/", "a/x", "a-b", "b", "empty/", "link"]
    assert (archive.read_bytes()[:2] == b"\x1f\x8b") is packed
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o750


def test_what_is_archived_comes_out_of_untar(tmp_path: Path) -> None:
    write(tmp_path, "in/a/x", "in/y")
    (tmp_path / "in").joinpath(os.fsdecode(b"caf\xe9")).write_text("1")

    tar(tmp_path, gzip=True)
    UNTAR.run(context(tmp_path, {"inPath": "out.tar", "outPath": "back"}))

    assert tree(tmp_path / "back") == tree(tmp_path / "in")


@pytest.mark.parametrize("packed", [True, False])
def test_the_same_files_make_the_same_archive_anywhere_and_any_time(
    tmp_path: Path,
    packed: bool,  # noqa: FBT001 - a table
) -> None:
    write(tmp_path, "in/a/x", "in/y")
    first = tar(tmp_path, gzip=packed).read_bytes()

    shutil.copytree(tmp_path / "in", tmp_path / "other")
    os.utime(tmp_path / "other/y", (1, 1))
    again = tar(tmp_path, inPath="other", outPath="o", gzip=packed).read_bytes()

    assert first == again


def test_a_file_is_archived_under_its_own_name(tmp_path: Path) -> None:
    write(tmp_path, "in/a/x")

    assert names(tar(tmp_path, inPath="in/a/x")) == ["x"]
    assert names(tar(tmp_path, inPath="out.tar")) == ["out.tar"]


def test_an_archive_does_not_contain_itself(tmp_path: Path) -> None:
    write(tmp_path, "x")

    for _ in range(2):
        assert names(tar(tmp_path, inPath=".", outPath="sub/out.tar")) == ["sub/", "x"]


@pytest.mark.parametrize(
    ("ignore", "expected"),
    [
        ("", ["a.log", "keep/", "keep/b.log", "tmp/", "tmp/x"]),
        ("*.log", [".git/", ".git/c", "keep/", "tmp/", "tmp/x"]),
        ("  *.log  \n !keep/b.log", [".git/", ".git/c", "keep/", "keep/b.log", "tmp/", "tmp/x"]),
        ("tmp/\n.git", ["a.log", "keep/", "keep/b.log"]),
        ("# comment", [".git/", ".git/c", "a.log", "keep/", "keep/b.log", "tmp/", "tmp/x"]),
        (" \n ", ["a.log", "keep/", "keep/b.log", "tmp/", "tmp/x"]),
    ],
)
def test_ignored_names_are_left_out(tmp_path: Path, ignore: str, expected: list[str]) -> None:
    write(tmp_path, "in/.git/c", "in/a.log", "in/keep/b.log", "in/tmp/x")

    assert names(tar(tmp_path, **({"ignore": ignore} if ignore else {}))) == expected


def test_links_are_stored_and_a_loop_of_them_does_not_matter(tmp_path: Path) -> None:
    write(tmp_path, "in/d/x")
    (tmp_path / "in/d/loop").symlink_to("../d")
    (tmp_path / "in/self").symlink_to("self")

    assert names(tar(tmp_path)) == ["d/", "d/loop", "d/x", "self"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("none", 'input path "none" does not exist'),
        ("../none", 'input path "../none" does not exist'),
        ("self", "symbolic links"),
        ("bad[\\", "does not exist"),
    ],
)
def test_an_input_that_is_not_there_is_an_error(tmp_path: Path, path: str, message: str) -> None:
    (tmp_path / "self").symlink_to("self")

    with pytest.raises(StepError, match=message) as caught:
        tar(tmp_path, inPath=path)

    assert (caught.value.failed, caught.value.terminal) == (False, False)
    assert str(tmp_path) not in caught.value.message


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ([50 * MIB + 1], r'file "0" size \(52428801 bytes\) exceeds the maximum allowed single'),
        ([5 * 1024 * MIB], "exceeds the maximum allowed single file size"),
        ([50 * MIB, 50 * MIB, 1], "total tar archive source size exceeds the maximum allowed size"),
    ],
)
def test_too_much_is_an_error_and_leaves_the_archive_that_was_there(
    tmp_path: Path, sizes: list[int], message: str
) -> None:
    write(tmp_path, "out.tar", "in/z")
    for number, size in enumerate(sizes):
        with (tmp_path / f"in/{number}").open("wb") as file:
            file.truncate(size)

    with pytest.raises(StepError, match=message):
        tar(tmp_path)

    assert (tmp_path / "out.tar").read_text() == "out.tar"
    assert sorted(it.name for it in tmp_path.iterdir()) == ["in", "out.tar"]


def test_what_cannot_be_stored_is_an_error(tmp_path: Path) -> None:
    import socket  # noqa: PLC0415 - only here

    (tmp_path / "in").mkdir()
    before = Path.cwd()
    os.chdir(tmp_path / "in")  # the path of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("s")
    finally:
        os.chdir(before)

    with pytest.raises(StepError, match='"s" is neither a file nor a directory nor a link'):
        tar(tmp_path)


@pytest.mark.parametrize("path", ["../outside", "/etc", "escape"])
def test_no_path_leads_outside(tmp_path: Path, path: str) -> None:
    workdir = trapped(tmp_path)

    with nothing_outside(tmp_path):
        with pytest.raises(StepError):
            tar(workdir, inPath=path)
        tar(workdir, outPath=f"{path}/out.tar")

    assert SECRET.encode() not in next(workdir.rglob("out.tar")).read_bytes()


def test_a_link_inside_is_followed(tmp_path: Path) -> None:
    workdir = trapped(tmp_path)
    write(workdir, "in/x")

    assert names(tar(workdir, inPath="inner")) == ["x"]


@pytest.mark.parametrize("target", [".", "in", "in/x/y", "repo-1/repo/HEAD"])
def test_a_target_that_cannot_be_is_an_error(tmp_path: Path, target: str) -> None:
    write(tmp_path, "in/x", "repo-1/repo/HEAD")

    with pytest.raises(StepError, match="failed to create the tar archive"):
        tar(tmp_path, outPath=target)

    assert sorted(it.name for it in tmp_path.iterdir()) == ["in", "repo-1"]


def test_a_malformed_pattern_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, "in/x")

    with pytest.raises(StepError, match=r'the pattern to ignore "\[z-a\]" is malformed'):
        tar(tmp_path, ignore="[z-a]")


@pytest.mark.slow
def test_a_hundred_thousand_files_are_archived_and_extracted(tmp_path: Path) -> None:
    for number in range(100):
        directory = tmp_path / f"in/d{number}"
        directory.mkdir(parents=True)
        for file in range(1000):
            (directory / f"é{file}").touch()

    tar(tmp_path, gzip=True)
    UNTAR.run(context(tmp_path, {"inPath": "out.tar", "outPath": "back"}))

    assert sum(1 for it in (tmp_path / "back").rglob("é*")) == 100_000


def test_directories_nested_beyond_reason_are_an_error(tmp_path: Path) -> None:
    before = Path.cwd()
    (tmp_path / "in").mkdir()
    os.chdir(tmp_path / "in")  # the whole is too long for one path
    try:
        for _ in range(1500):
            Path("d").mkdir()
            os.chdir("d")
    finally:
        os.chdir(before)

    with pytest.raises(StepError, match="nested too deeply"):
        tar(tmp_path)

    subprocess.run(["rm", "-rf", str(tmp_path / "in")], check=True)  # noqa: S603, S607 - Python's own gives up
