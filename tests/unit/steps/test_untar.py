"""The ``untar`` step: what it extracts."""

import stat
import subprocess
import tarfile
from pathlib import Path

import pytest

from common.jsontypes import JSONObject
from promotions.engine.runner import StepError, StepRunner
from promotions.steps.untar import Untar
from tests.unit.steps.archives import Style, directory, entry, gz, link, tar, tree
from tests.unit.steps.contexts import context
from tests.unit.steps.paths import nothing_outside, trapped

STEP: StepRunner = Untar()


def untar(workdir: Path, content: bytes | None = None, **config: str | int) -> Path:
    """Extract an archive of this content, if any is given, and return where it went."""
    if content is not None:
        (workdir / "a.tar").write_bytes(content)
    full: JSONObject = {"inPath": "a.tar", "outPath": "out", **config}
    STEP.run(context(workdir, full))
    return workdir / str(full["outPath"])


@pytest.mark.parametrize("compress", [gz, bytes])
def test_files_directories_and_links_are_extracted(tmp_path: Path, compress: type) -> None:
    content = tar(
        directory("d"),
        entry("d/x.sh", b"run", mode=0o4755, mtime=1_000_000_000),
        entry("y", b"", mode=0o600),
        link("l", "d/x.sh"),
        directory("e"),
    )

    out = untar(tmp_path, compress(content))

    assert tree(out) == {"d/x.sh": "run", "y": "", "l": "-> d/x.sh"}
    assert stat.S_IMODE((out / "d/x.sh").stat().st_mode) == 0o755
    assert (out / "d/x.sh").stat().st_mtime == 1_000_000_000
    assert stat.S_IMODE(out.stat().st_mode) == 0o750
    assert stat.S_IMODE((out / "e").stat().st_mode) == 0o750
    assert sorted(it.name for it in tmp_path.iterdir()) == ["a.tar", "out"]


def test_what_was_there_is_replaced_and_twice_is_like_once(tmp_path: Path) -> None:
    (tmp_path / "new/out").mkdir(parents=True)
    (tmp_path / "new/out/old").touch()

    for _ in range(2):
        out = untar(tmp_path, tar(entry("x", b"1")), outPath="new/out")

        assert tree(out) == {"x": "1"}


def test_directories_above_the_output_are_made(tmp_path: Path) -> None:
    untar(tmp_path, tar(entry("x", b"1")), outPath="./p/q/out")

    assert (tmp_path / "p/q/out/x").read_text() == "1"
    assert stat.S_IMODE((tmp_path / "p").stat().st_mode) == 0o750


def test_the_archive_may_lie_in_what_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/a.tar").write_bytes(tar(entry("x", b"1")))

    assert tree(untar(tmp_path, inPath="out/a.tar")) == {"x": "1"}


@pytest.mark.parametrize(
    ("names", "strip", "expected"),
    [
        (["./x", "./d/y"], 0, ["d/y", "x"]),
        (["a/x", "a/d/y", "z"], 1, ["d/y", "x"]),
        (["./a/x"], 1, ["a/x"]),
        (["a/./x", "a//y"], 1, ["x"]),
        (["a/./x", "a//y"], 0, ["a/x", "a/y"]),
        (["a/x"], 2, []),
        (["a/x"], 2**31, []),
    ],
)
def test_names_lose_their_first_parts(
    tmp_path: Path, names: list[str], strip: int, expected: list[str]
) -> None:
    content = tar(directory("./"), *(entry(name) for name in names))

    assert sorted(tree(untar(tmp_path, content, stripComponents=strip))) == expected


@pytest.mark.parametrize(
    ("ignore", "expected"),
    [
        ("", ["a.log", "keep/b.log", "temp/x"]),
        ("*.log", [".git/c", "temp/x"]),
        ("*.log\n!keep/b.log\n", [".git/c", "keep/b.log", "temp/x"]),
        ("# only a comment\n\n", ["a.log", "keep/b.log", "temp/x"]),
        ("temp/\n.git", ["a.log", "keep/b.log"]),
        ("/x", [".git/c", "a.log", "keep/b.log", "temp/x"]),
        ("x", [".git/c", "a.log", "keep/b.log"]),
    ],
)
def test_ignored_names_are_left_out(tmp_path: Path, ignore: str, expected: list[str]) -> None:
    content = tar(entry(".git/c"), entry("a.log"), entry("keep/b.log"), entry("temp/x"))

    out = untar(tmp_path, content, **({"ignore": ignore} if ignore else {}))

    assert sorted(tree(out)) == expected


@pytest.mark.parametrize(
    "name",
    ["../x", "/etc/x", "d/../../x", "d\\..\\x", "..", "d/..", "./../x", "a/../x", ".//etc/x", "."],
)
def test_members_with_unsafe_names_are_left_out(tmp_path: Path, name: str) -> None:
    workdir = trapped(tmp_path)

    with nothing_outside(tmp_path):
        out = untar(workdir, tar(entry(name, b"bad"), entry("good", b"good")))

    assert tree(out) == {"good": "good"}


def test_stripping_cannot_make_a_name_absolute(tmp_path: Path) -> None:
    assert tree(untar(tmp_path, tar(entry("a//etc/x", b"bad")), stripComponents=1)) == {}


@pytest.mark.parametrize(
    "target", ["../x", "/etc/passwd", "./x", "a/../../x", "..", "a/..", "", "\\x"]
)
def test_links_with_unsafe_targets_are_left_out(tmp_path: Path, target: str) -> None:
    assert tree(untar(tmp_path, tar(link("l", target), entry("x")))) == {"x": ""}


@pytest.mark.parametrize(
    "kind",
    [tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.CONTTYPE, b"Z"],
)
def test_other_kinds_of_members_are_left_out(tmp_path: Path, kind: bytes) -> None:
    content = tar(entry("x", b"1"), entry("odd", type=kind, linkname="x"), entry("y", b"2"))

    assert tree(untar(tmp_path, content)) == {"x": "1", "y": "2"}


def test_of_files_of_one_name_the_last_counts_and_of_links_the_first(tmp_path: Path) -> None:
    content = tar(entry("x", b"1"), entry("x", b"2"), link("l", "x"), link("l", "y"))

    assert tree(untar(tmp_path, content)) == {"x": "2", "l": "-> x"}


@pytest.mark.parametrize("style", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names_are_read_in_every_style(tmp_path: Path, style: Style) -> None:
    name = "/".join(["directory"] * 15) + "/file"

    assert tree(untar(tmp_path, tar(entry(name, b"1"), style=style))) == {name: "1"}


@pytest.mark.parametrize("style", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_names_may_be_no_utf8(tmp_path: Path, style: Style) -> None:
    name = b"caf\xe9-\xc3\xa9-" + b"long" * 50

    out = untar(tmp_path, tar(entry(name.decode(errors="surrogateescape"), b"1"), style=style))

    assert [it.read_text() for it in out.iterdir()] == ["1"]
    assert [bytes(it) for it in out.iterdir()] == [bytes(out / "x")[:-1] + name]


@pytest.mark.parametrize("style", ["v7", "oldgnu", "gnu", "ustar", "posix"])
@pytest.mark.parametrize("packed", ["--no-auto-compress", "--gzip"])
def test_what_gnu_tar_makes_is_extracted(tmp_path: Path, style: str, packed: str) -> None:
    source = tmp_path / "in"
    (source / "d/e").mkdir(parents=True)
    (source / "d/e/x").write_text("x" * 70_000)
    (source / ("long" * 20)).write_text("1")
    (source / "link").symlink_to("d/e/x")
    command = ["tar", packed, f"--format={style}", "-cf", "a.tar", "-C", "in", "."]
    subprocess.run(command, cwd=tmp_path, check=True)  # noqa: S603 - of the tests' own making

    assert tree(untar(tmp_path)) == tree(source)


@pytest.mark.parametrize("path", ["../outside/a.tar", "/etc/passwd", "escape/file", "in", "none"])
def test_an_archive_is_looked_for_inside_only(tmp_path: Path, path: str) -> None:
    workdir = trapped(tmp_path)

    with nothing_outside(tmp_path), pytest.raises(StepError, match="failed to extract tar file"):
        untar(workdir, inPath=path)


@pytest.mark.parametrize("path", ["../outside/out", "/etc/out", "escape/out", "inner/out"])
def test_the_output_stays_inside(tmp_path: Path, path: str) -> None:
    workdir = trapped(tmp_path)

    with nothing_outside(tmp_path):
        untar(workdir, tar(entry("x")), outPath=path)

    assert list(workdir.rglob("out/x"))


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (".", "the work directory itself"),
        ("a.tar", "not a directory"),
        ("a.tar/x", "a.tar"),
        ("repo-1", "belongs to the platform"),
    ],
)
def test_what_may_not_be_replaced_stays(tmp_path: Path, path: str, message: str) -> None:
    (tmp_path / "repo-1/repo").mkdir(parents=True)
    (tmp_path / "repo-1/repo/HEAD").touch()

    with pytest.raises(StepError, match=message):
        untar(tmp_path, tar(entry("x")), outPath=path)

    assert sorted(it.name for it in tmp_path.iterdir()) == ["a.tar", "repo-1"]
    assert (tmp_path / "repo-1/repo/HEAD").exists()
