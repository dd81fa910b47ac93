import os
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from common.errors import ConflictError
from common.locks import _is_at, directory_lock, file_lock, shared_directory_lock
from promotions.gateways import process, warden
from promotions.gateways.process import Command, OutputLimitError, ProcessTimeoutError


def shell(script: str, *, seconds: float = 10, limit: int = 1024, stdin: bytes = b"") -> Command:
    return Command(
        argv=("/bin/sh", "-c", script),
        cwd=Path("/"),
        env={"PATH": os.defpath, "ONLY": "this"},
        timeout=timedelta(seconds=seconds),
        output_bytes=limit,
        stdin=stdin,
    )


def test_output_errors_code_and_input_are_passed() -> None:
    done = process.run(shell("cat; echo oops >&2; exit 3", stdin=b"hello"))

    assert (done.returncode, done.stdout, done.stderr) == (3, b"hello", b"oops\n")


def test_the_environment_is_made_from_nothing() -> None:
    done = process.run(shell("env"))

    names = {line.partition(b"=")[0] for line in done.stdout.splitlines()}
    assert names <= {b"PATH", b"ONLY", b"PWD", b"SHLVL", b"_", b"OLDPWD"}


def test_a_program_that_takes_too_long_is_killed_with_its_children(tmp_path: Path) -> None:
    started = time.monotonic()

    with pytest.raises(ProcessTimeoutError):
        process.run(shell(f"sleep 60 & echo $! > {tmp_path}/pid; wait", seconds=0.3))

    assert time.monotonic() - started < 30
    child = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 2
    while _alive(child):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_program_that_prints_too_much_is_killed() -> None:
    with pytest.raises(OutputLimitError):
        process.run(shell("yes", limit=100_000))


def test_a_watch_that_raises_kills_the_program(tmp_path: Path) -> None:
    def watch() -> None:
        if (tmp_path / "large").exists():
            raise OutputLimitError("It wrote too much.")

    started = time.monotonic()
    command = shell(f"sleep 0.2; touch {tmp_path}/large; sleep 60")

    with pytest.raises(OutputLimitError, match="wrote too much"):
        process.run(replace(command, watch=watch))

    assert time.monotonic() - started < 30


def test_a_flood_of_errors_keeps_only_its_end() -> None:
    done = process.run(shell("yes x | head -c 1000000 >&2; echo end >&2"))

    assert len(done.stderr) <= 64 * 1024
    assert done.stderr.endswith(b"end\n")


def test_a_stream_that_is_left_early_kills_the_program() -> None:
    stream = process.stream(shell("echo $$; exec yes"))
    first = next(stream)
    child = int(first.split(b"\n")[0])

    stream.close()  # type: ignore[attr-defined] # it is a generator

    assert not _alive(child)


def test_the_warden_is_replaced_when_it_is_killed() -> None:
    process.run(shell("true"))
    os.close(warden._WARDEN._pipe or -1)
    warden._WARDEN._pipe = os.open(os.devnull, os.O_RDONLY)

    done = process.run(shell("echo on"))

    assert done.stdout == b"on\n"


def test_a_lock_that_is_held_too_long_is_a_conflict(tmp_path: Path) -> None:
    path = tmp_path / "locks/a.lock"
    with file_lock(path, timeout=timedelta(seconds=1)):
        with pytest.raises(ConflictError) as caught:
            file_lock(path, timeout=timedelta(seconds=0.05)).__enter__()
        with file_lock(tmp_path / "b.lock", timeout=timedelta(0)):
            pass

    assert caught.value.code == "lock_timeout"
    with file_lock(path, timeout=timedelta(0)):
        pass


def test_a_shared_lock_on_a_directory_keeps_others_from_having_it_alone(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    now = timedelta(0)

    with shared_directory_lock(folder, timeout=now) as one:
        with shared_directory_lock(folder, timeout=now) as two, directory_lock(folder) as alone:
            assert (one, two, alone) == (True, True, False)
        folder.rename(tmp_path / "moved")
        folder.mkdir()
    with directory_lock(folder) as alone:
        assert alone
        with pytest.raises(ConflictError):
            shared_directory_lock(folder, timeout=now).__enter__()


def test_a_directory_that_was_moved_is_not_the_one_that_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    opened = os.open(folder, os.O_RDONLY)
    folder.rename(tmp_path / "moved")

    assert not _is_at(opened, folder)
    folder.mkdir()
    assert not _is_at(opened, folder)
    os.close(opened)


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
