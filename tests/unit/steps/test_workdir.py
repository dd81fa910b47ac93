"""Paths that a user wrote never leave the work directory."""

import stat
from pathlib import Path

import pytest

from promotions.steps.support.workdir import (
    MAX_FILE_BYTES,
    read_bytes,
    read_text,
    rewrite_text,
    sanitise,
    secure_join,
)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a/b", "a/b"),
        ("../../etc/passwd", "etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("a/../../../b", "b"),
        (".", ""),
        ("", ""),
        ("a//./b/", "a/b"),
        ("outside/passwd", "etc/passwd"),
        ("upward/x", "x"),
        ("inside/x", "dir/x"),
        ("chain/x", "dir/x"),
        ("inside/../x", "x"),
        ("missing/../../x", "x"),
    ],
)
def test_a_path_is_clamped_inside_the_root(tmp_path: Path, path: str, expected: str) -> None:
    (tmp_path / "dir").mkdir()
    (tmp_path / "outside").symlink_to("/etc")
    (tmp_path / "upward").symlink_to("../../..")
    (tmp_path / "inside").symlink_to("dir")
    (tmp_path / "chain").symlink_to("/inside")

    assert secure_join(str(tmp_path), path) == str(tmp_path / expected)


def test_links_that_form_a_loop_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")

    with pytest.raises(OSError, match="symbolic links"):
        secure_join(str(tmp_path), "loop/x")


def test_a_null_character_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="NUL"):
        secure_join(str(tmp_path), "a\0b")


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("open {}/a/b: no such file", "open a/b: no such file"),
        ("'{}'", "'.'"),
        ("{}2/x stays", "{}2/x stays"),
        ('copy "{}/x" to "{}/y"', 'copy "x" to "y"'),
    ],
)
def test_messages_do_not_tell_where_the_work_directory_is(
    tmp_path: Path, message: str, expected: str
) -> None:
    text = message.replace("{}", str(tmp_path))

    assert sanitise(text, str(tmp_path)) == expected.replace("{}", str(tmp_path))


def test_a_file_is_rewritten_whole_and_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "run.sh"
    file.write_text("old")
    file.chmod(0o751)

    rewrite_text(str(tmp_path), "run.sh", "new")

    assert read_text(str(tmp_path), "run.sh") == "new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o751
    assert [it.name for it in tmp_path.iterdir()] == ["run.sh"]


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "big").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)

    with pytest.raises(ValueError, match="larger than"):
        read_bytes(str(tmp_path), "big")


def test_a_directory_cannot_be_read_as_a_file(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="not a regular file"):
        read_bytes(str(tmp_path), ".")
