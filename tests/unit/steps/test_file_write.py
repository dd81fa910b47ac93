"""The ``file-write`` step."""

import os
import stat
from pathlib import Path

import pytest

from promotions.engine.runner import StepError, StepRunner
from promotions.steps.file_write import FileWrite
from tests.unit.steps.contexts import context
from tests.unit.steps.paths import nothing_outside, trapped

STEP: StepRunner = FileWrite()


def write(workdir: Path, path: str, contents: str = "text", **config: str | bool) -> None:
    STEP.run(context(workdir, {"path": path, "contents": contents, **config}))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("contents", ["", "a\r\nb", "\ufeffé\n", "no newline", "x" * 3_000_000])
def test_a_text_is_written_exactly_and_twice_is_like_once(tmp_path: Path, contents: str) -> None:
    for _ in range(2):
        write(tmp_path, "./new/dir/../file", contents)

    assert (tmp_path / "new/file").read_bytes() == contents.encode()
    assert mode(tmp_path / "new/file") == 0o600
    assert mode(tmp_path / "new") == 0o700


@pytest.mark.parametrize("permissions", ["0600", "0640", "0644", "0444", "0400"])
def test_permissions_are_what_was_asked_whatever_they_were(
    tmp_path: Path, permissions: str
) -> None:
    before = os.umask(0o077)
    try:
        (tmp_path / "file").write_text("old")
        for _ in range(2):
            write(tmp_path, "file", permissions=permissions, overwrite=True)
    finally:
        os.umask(before)

    assert (tmp_path / "file").read_text() == "text"
    assert mode(tmp_path / "file") == int(permissions, 8)


@pytest.mark.parametrize(
    ("permissions", "message"),
    [
        ("0755", 'permissions "0755" must not include executable bits'),
        ("0611", "must not include executable bits"),
        ("0666", 'permissions "0666" must not be world-writable'),
        ("0602", "must not be world-writable"),
    ],
)
def test_permissions_that_are_too_wide_are_refused(
    tmp_path: Path, permissions: str, message: str
) -> None:
    with pytest.raises(StepError, match=message) as caught:
        write(tmp_path, "file", permissions=permissions)

    assert (caught.value.failed, caught.value.terminal) == (True, True)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/etc/passwd", 'path "/etc/passwd" must be relative'),
        ("..", 'path ".." attempts to traverse outside the working directory'),
        ("../outside/new", "attempts to traverse outside"),
        ("a/../../outside/new", "attempts to traverse outside"),
        (".git", 'writing to the .git directory is forbidden: ".git"'),
        (".git/config", "writing to the .git directory is forbidden"),
        ("./a/../.git/config", "writing to the .git directory is forbidden"),
        ("out/.git/hooks/x", "writing to the .git directory is forbidden"),
        ("out/.GIT/config", "writing to the .git directory is forbidden"),
        ("escape/new", r"resolves to a different path .* \(symlinks are forbidden\)"),
        ("inner/new", r'path "inner/new" resolves to a different path "in/new"'),
        ("dangling", "symlinks are forbidden"),
        ("loop/a", "could not secure join"),
        ("repo-1/repo/config", "belongs to the platform"),
        ("in/file", 'file "in/file" already exists; set overwrite to true to replace it'),
        ("in", 'file "in" already exists'),
        (".", "already exists"),
        ("a\0b", "could not secure join"),
    ],
)
def test_a_path_that_is_not_allowed_ends_the_promotion(
    tmp_path: Path, path: str, message: str
) -> None:
    workdir = trapped(tmp_path)
    (workdir / "in/file").write_text("else")
    (workdir / "dangling").symlink_to("nowhere")
    (workdir / "loop").symlink_to("loop")
    (workdir / "repo-1/repo").mkdir(parents=True)
    (workdir / "repo-1/repo/HEAD").touch()

    with nothing_outside(tmp_path), pytest.raises(StepError, match=message) as caught:
        write(workdir, path)

    assert (caught.value.failed, caught.value.terminal) == (True, True)
    assert (workdir / "in/file").read_text() == "else"


@pytest.mark.parametrize("path", ["in", ".", "in/file/x", "x" * 300, "\ud800"])
def test_what_cannot_be_written_is_an_ordinary_error(tmp_path: Path, path: str) -> None:
    workdir = trapped(tmp_path)
    (workdir / "in/file").write_text("else")

    with nothing_outside(tmp_path), pytest.raises(StepError) as caught:
        write(workdir, path, overwrite=True)

    assert not caught.value.terminal
    assert (workdir / "in/file").read_text() == "else"


def test_half_a_character_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(StepError, match="surrogates"):
        write(tmp_path, "file", "\ud800")
