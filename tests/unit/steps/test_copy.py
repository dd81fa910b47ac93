"""The ``copy`` step."""

import os
import stat
from pathlib import Path

import pytest

from promotions.engine.runner import StepError, StepRunner
from promotions.steps.copy import Copy
from promotions.steps.delete import Delete
from tests.unit.steps.contexts import context

STEP: StepRunner = Copy()
GIB = 1024**3


def copy(workdir: Path, source: str, target: str, ignore: str = "") -> None:
    config = {"inPath": source, "outPath": target} | ({"ignore": ignore} if ignore else {})
    STEP.run(context(workdir, config))


def write(workdir: Path, *paths: str) -> None:
    for path in paths:
        (workdir / path).parent.mkdir(parents=True, exist_ok=True)
        (workdir / path).write_text(path)


def tree(directory: Path) -> list[str]:
    return sorted(str(it.relative_to(directory)) for it in directory.rglob("*") if it.is_file())


def test_a_file_is_copied_with_its_mode_into_directories_that_are_made(tmp_path: Path) -> None:
    write(tmp_path, "in.sh")
    (tmp_path / "in.sh").chmod(0o755)

    copy(tmp_path, "in.sh", "a/b/out.sh")

    assert (tmp_path / "a/b/out.sh").read_text() == "in.sh"
    assert stat.S_IMODE((tmp_path / "a/b/out.sh").stat().st_mode) == 0o755


def test_a_directory_is_merged_into_what_is_there_and_twice_is_like_once(tmp_path: Path) -> None:
    write(tmp_path, "in/x", "in/d/y", "out/old", "out/x")

    copy(tmp_path, "in", "out")
    copy(tmp_path, "in", "out")

    assert tree(tmp_path / "out") == ["d/y", "old", "x"]
    assert (tmp_path / "out/x").read_text() == "in/x"


def test_git_data_is_left_out_unless_asked_for(tmp_path: Path) -> None:
    write(tmp_path, "in/.git/config", "in/x", "in/module/.git")

    copy(tmp_path, "in", "without")
    copy(tmp_path, "in", "with", ignore="!.git/")

    assert tree(tmp_path / "without") == ["x"]
    assert tree(tmp_path / "with") == [".git/config", "x"]


def test_ignored_paths_are_left_out_and_the_last_pattern_wins(tmp_path: Path) -> None:
    write(tmp_path, "in/a.log", "in/keep.log", "in/tmp/x", "in/d/tmp/x", "in/d/z")

    copy(tmp_path, "in", "out", ignore="# logs\n*.log\n!keep.log\n/tmp/\n")

    assert tree(tmp_path / "out") == ["d/tmp/x", "d/z", "keep.log"]


def test_links_inside_a_directory_are_not_copied(tmp_path: Path) -> None:
    write(tmp_path, "in/x")
    (tmp_path / "in/link").symlink_to("/etc/passwd")

    copy(tmp_path, "in", "out")

    assert tree(tmp_path / "out") == ["x"]


def test_an_input_that_is_a_link_is_resolved_inside_the_work_directory(tmp_path: Path) -> None:
    write(tmp_path, "real/x")
    (tmp_path / "link").symlink_to("/real")

    copy(tmp_path, "link", "out")

    assert tree(tmp_path / "out") == ["x"]


def test_a_link_in_the_target_cannot_lead_a_copy_outside(tmp_path: Path) -> None:
    workdir = tmp_path / "work"
    outside = tmp_path / "outside"
    outside.mkdir()
    write(workdir, "in/d/x", "in/f")
    (workdir / "out").mkdir()
    (workdir / "out/d").symlink_to(outside)
    (workdir / "out/f").symlink_to(outside / "f")
    (workdir / str(outside).lstrip("/")).mkdir(parents=True)

    copy(workdir, "in", "out")

    assert list(outside.iterdir()) == []


def test_a_directory_copied_into_itself_does_not_contain_the_copy(tmp_path: Path) -> None:
    write(tmp_path, "x", "d/y")

    copy(tmp_path, ".", "out")
    copy(tmp_path, ".", "out")

    assert tree(tmp_path / "out") == ["d/y", "x"]


def test_a_file_copied_onto_itself_stays(tmp_path: Path) -> None:
    write(tmp_path, "x")

    copy(tmp_path, "x", "./x")

    assert (tmp_path / "x").read_text() == "x"


def test_holes_of_a_file_stay_holes(tmp_path: Path) -> None:
    with (tmp_path / "in").open("wb") as file:
        file.seek(GIB)
        file.write(b"middle")
        file.truncate(5 * GIB)

    copy(tmp_path, "in", "out")
    copy(tmp_path, "in", "out")

    found = (tmp_path / "out").stat()
    assert (found.st_size, found.st_blocks < 1000) == (5 * GIB, True)
    with (tmp_path / "out").open("rb") as file:
        file.seek(GIB - 1)
        assert file.read(8) == b"\0middle\0"


def test_a_shorter_file_leaves_nothing_of_the_one_it_replaces(tmp_path: Path) -> None:
    (tmp_path / "in").write_text("short")
    (tmp_path / "out").write_text("much longer")

    copy(tmp_path, "in", "out")

    assert (tmp_path / "out").read_text() == "short"


def test_a_file_is_not_lost_by_copying_it_to_its_other_name(tmp_path: Path) -> None:
    (tmp_path / "in").write_text("text")
    (tmp_path / "out").hardlink_to(tmp_path / "in")

    copy(tmp_path, "in", "out")

    assert (tmp_path / "out").read_text() == "text"


def test_a_copy_that_may_not_be_written_is_made_again(tmp_path: Path) -> None:
    write(tmp_path, "in/x")
    (tmp_path / "in/x").chmod(0o444)

    for _ in range(2):
        copy(tmp_path, "in", "out")

    assert stat.S_IMODE((tmp_path / "out/x").stat().st_mode) == 0o444


def test_names_may_be_no_utf8(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.log")
    write(tmp_path, "in/x.log")
    (tmp_path / "in" / name).touch()

    copy(tmp_path, "in", "out")
    copy(tmp_path, "in", "without", ignore="*.log")

    assert tree(tmp_path / "out") == sorted([name, "x.log"])
    assert tree(tmp_path / "without") == []


@pytest.mark.parametrize("target", ["repo-1", "repo-1/repo/config"])
def test_nothing_is_copied_into_the_repositories_of_a_promotion(
    tmp_path: Path, target: str
) -> None:
    write(tmp_path, "in", "repo-1/repo/HEAD")

    with pytest.raises(StepError, match="belongs to the platform"):
        copy(tmp_path, "in", target)


@pytest.mark.slow
def test_a_hundred_thousand_files_are_copied_and_deleted(tmp_path: Path) -> None:
    for number in range(100):
        (tmp_path / f"in/d{number}").mkdir(parents=True)
        for file in range(1000):
            (tmp_path / f"in/d{number}/{file}").touch()

    copy(tmp_path, "in", "out", ignore="*7\n")
    Delete().run(context(tmp_path, {"path": "out/**/*", "pathsAreGlobs": True}))

    assert sum(1 for it in (tmp_path / "in").rglob("*") if it.is_file()) == 100_000
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("path", ["missing", "../missing", "/etc/passwd"])
def test_a_missing_input_is_an_error_that_does_not_name_the_work_directory(
    tmp_path: Path, path: str
) -> None:
    with pytest.raises(StepError, match="failed to copy") as caught:
        copy(tmp_path, path, "out")

    assert str(tmp_path) not in caught.value.message
    assert not caught.value.terminal
