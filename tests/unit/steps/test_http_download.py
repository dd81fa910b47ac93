"""The ``http-download`` step, with real servers on loopback."""

import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from common.egress import EgressPolicy
from promotions.engine.runner import Effect, StepError, StepRunner, StepStatus
from promotions.gateways.http import CheckedSender
from promotions.steps import http_download
from promotions.steps.http_download import HttpDownload
from promotions.steps.support.downloads import NOTES
from tests.fakes.oci_registry import Answer, Asked, Scripted, scripted_server
from tests.fakes.raw_server import raw_server
from tests.unit.steps.contexts import context

LOCAL = EgressPolicy(allowed_hosts=frozenset({"127.0.0.1"}))
CONTENT = b"apiVersion: v1\n" * 1000


@pytest.fixture
def workdir(tmp_path: Path) -> Path:
    root = tmp_path / "work"
    root.mkdir()
    return root


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted_server(lambda _: Answer(body=CONTENT)) as running:
        yield running


@contextmanager
def answering(answer: Answer | Callable[[Asked], Answer]) -> Iterator[Scripted]:
    script = answer if callable(answer) else lambda _: answer
    with scripted_server(script) as running:
        yield running


def run(
    workdir: Path,
    host: str,
    *,
    policy: EgressPolicy = LOCAL,
    path: str = "out.yaml",
    **config: Any,
) -> StepStatus:
    step: StepRunner = HttpDownload(CheckedSender(policy))
    asked = {"url": f"http://{host}/f", "outPath": path, **config}
    return step.run(context(workdir, asked)).status


def failure(workdir: Path, host: str, **more: Any) -> StepError:
    with pytest.raises(StepError) as caught:
        run(workdir, host, **more)
    assert str(workdir) not in caught.value.message
    assert files(workdir) == ()
    return caught.value


def files(workdir: Path) -> tuple[str, ...]:
    """Return the files in a directory that are not the platform's own notes."""
    found = (path for path in workdir.rglob("*") if path.is_file())
    names = (str(path.relative_to(workdir)) for path in found)
    return tuple(sorted(name for name in names if not name.startswith(NOTES)))


def test_a_file_is_downloaded_for_its_owner_only(workdir: Path, server: Scripted) -> None:
    assert run(workdir, server.host, path="a/b/out.yaml") is StepStatus.SUCCEEDED

    target = workdir / "a/b/out.yaml"
    assert target.read_bytes() == CONTENT
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert stat.S_IMODE(target.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE((workdir / "a").stat().st_mode) == 0o700
    assert files(workdir) == ("a/b/out.yaml",)


def test_the_request_is_what_the_configuration_says(workdir: Path, server: Scripted) -> None:
    run(
        workdir,
        server.host,
        headers=[{"name": "Authorization", "value": "Bearer t"}, {"name": "X-A", "value": "1"}],
        queryParams=[{"name": "q", "value": "a b"}],
    )

    asked = server.asked[0]
    assert (asked.method, asked.path) == ("GET", "/f?q=a+b")
    assert asked.headers["authorization"] == "Bearer t"
    assert asked.headers["x-a"] == "1"


@pytest.mark.parametrize(
    "path", ["../../out.yaml", "/out.yaml", "link-out/out.yaml", "x/../out.yaml"]
)
def test_a_path_never_leaves_the_work_directory(workdir: Path, server: Scripted, path: str) -> None:
    (workdir / "link-out").symlink_to("/")

    run(workdir, server.host, path=path)

    assert files(workdir) == ("out.yaml",)
    assert files(workdir.parent) == (
        "work/.kargo-downloads/" + next(it.name for it in (workdir / NOTES).iterdir()),
        "work/out.yaml",
    )


def test_a_link_inside_is_followed(workdir: Path, server: Scripted) -> None:
    (workdir / "real").mkdir()
    (workdir / "link").symlink_to("real")

    run(workdir, server.host, path="link/out.yaml")

    assert files(workdir) == ("real/out.yaml",)


def test_a_file_that_is_there_is_kept_and_nothing_is_asked(workdir: Path, server: Scripted) -> None:
    (workdir / "out.yaml").write_bytes(b"mine")

    with pytest.raises(StepError) as caught:
        run(workdir, server.host)

    assert caught.value.message == "file already exists at out.yaml and overwrite is not allowed"
    assert (caught.value.terminal, caught.value.failed) == (True, False)
    assert (workdir / "out.yaml").read_bytes() == b"mine"
    assert server.asked == []


def test_a_file_that_is_there_is_replaced_if_that_is_allowed(
    workdir: Path, server: Scripted
) -> None:
    (workdir / "out.yaml").write_bytes(b"mine")
    (workdir / "out.yaml").chmod(0o644)

    run(workdir, server.host, allowOverwrite=True)

    assert (workdir / "out.yaml").read_bytes() == CONTENT
    assert stat.S_IMODE((workdir / "out.yaml").stat().st_mode) == 0o600


def test_an_attempt_after_a_crash_accepts_its_own_file_without_asking(workdir: Path) -> None:
    answers = iter([Answer(body=b"first"), Answer(body=b"second")])
    with answering(lambda _: next(answers)) as server:
        for _ in range(3):
            assert run(workdir, server.host) is StepStatus.SUCCEEDED

    assert len(server.asked) == 1
    assert (workdir / "out.yaml").read_bytes() == b"first"


def test_a_file_that_was_changed_meanwhile_is_not_its_own(workdir: Path, server: Scripted) -> None:
    run(workdir, server.host)
    (workdir / "out.yaml").write_bytes(CONTENT + b"changed")

    with pytest.raises(StepError, match="file already exists"):
        run(workdir, server.host)


@pytest.mark.parametrize("target", ["/dev/zero", "/etc", "."])
def test_notes_that_somebody_else_has_left_are_not_followed(
    workdir: Path, server: Scripted, target: str
) -> None:
    (workdir / NOTES).symlink_to(target)
    (workdir / "out.yaml").write_bytes(b"mine")

    with pytest.raises(StepError, match="already exists"):
        run(workdir, server.host)
    with pytest.raises(StepError) as caught:
        run(workdir, server.host, path="other.yaml")

    assert str(workdir) not in caught.value.message
    assert not (workdir / "other.yaml").exists()


def test_a_new_work_directory_gets_the_file_again(tmp_path: Path, server: Scripted) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        run(tmp_path / name, server.host)

    assert len(server.asked) == 2


def test_an_attempt_that_was_killed_leaves_nothing_behind(
    workdir: Path, server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = os.fork()
    if child == 0:
        monkeypatch.setattr(Path, "replace", lambda *_: os._exit(9))
        run(workdir, server.host)
        os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 9
    assert len(files(workdir)) == 1

    run(workdir, server.host)

    assert files(workdir) == ("out.yaml",)


@pytest.mark.parametrize("path", ["", ".", "/", "..", "dir"])
def test_a_directory_is_never_replaced(workdir: Path, server: Scripted, path: str) -> None:
    (workdir / "dir").mkdir()

    assert failure(workdir, server.host, path=path).terminal
    assert failure(workdir, server.host, path=path, allowOverwrite=True).terminal


@pytest.mark.parametrize("path", ["a\0b", "x" * 300, f"{NOTES}/x", "loop/x", "file/x/y"])
def test_a_path_that_cannot_be_used_is_an_error(workdir: Path, server: Scripted, path: str) -> None:
    (workdir / "loop").symlink_to("loop")
    (workdir / "file").write_bytes(b"")

    with pytest.raises(StepError) as caught:
        run(workdir, server.host, path=path)

    assert not caught.value.failed
    assert str(workdir) not in caught.value.message


@pytest.mark.parametrize("status", [199 + 1 + 103, 400, 404, 500])
def test_a_server_that_refuses_fails_the_step(workdir: Path, status: int) -> None:
    with answering(Answer(status)) as server:
        error = failure(workdir, server.host)

    assert error.message == f"HTTP request failed with status {status}"
    assert (error.failed, error.terminal) == (True, False)


def test_an_announced_size_over_the_limit_is_refused_before_anything_is_read(
    workdir: Path,
) -> None:
    with raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 104857601\r\n\r\n", b"x") as host:
        error = failure(workdir, host)

    assert error.message == "download exceeds limit of 104857600 bytes"
    assert (error.failed, error.terminal) == (True, True)


def test_a_body_over_the_limit_is_an_error(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_download, "MAX_BYTES", 10_000)
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with raw_server(head, *[b"400\r\n" + b"x" * 1024 + b"\r\n"] * 11) as host:
        error = failure(workdir, host)

    assert error.message == "download exceeds limit of 10000 bytes"
    assert (error.failed, error.terminal) == (False, False)


def test_a_body_of_exactly_the_limit_is_taken(
    workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_download, "MAX_BYTES", len(CONTENT))
    with answering(Answer(body=CONTENT)) as server:
        run(workdir, server.host)

    assert (workdir / "out.yaml").read_bytes() == CONTENT


def test_a_body_that_is_cut_off_is_an_error(workdir: Path) -> None:
    with raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", b"half") as host:
        error = failure(workdir, host)

    assert error.message.startswith("failed to read response body: ")
    assert not error.terminal


def test_a_server_that_drips_is_given_up_when_the_time_is_over(workdir: Path) -> None:
    begun = time.monotonic()
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
    with raw_server(head, *[b"x"] * 99, pause_seconds=0.2) as host:
        error = failure(workdir, host, timeout="300ms")
        assert time.monotonic() - begun < 10

    assert not error.terminal


@pytest.mark.parametrize(
    ("config", "terminal"),
    [
        ({"url": "ftp://host/f"}, True),
        ({"url": "http://[::1"}, True),
        ({"headers": [{"name": "a\nb", "value": "x"}]}, None),
        ({"timeout": "5x9s"}, True),
        ({"url": "http://127.0.0.1:1/"}, False),
        ({"url": "http://169.254.169.254/latest/meta-data"}, False),
        ({"url": "http://[::ffff:169.254.169.254]/latest"}, False),
    ],
)
def test_a_request_that_cannot_be_made_is_terminal_and_one_that_fails_is_not(
    workdir: Path,
    server: Scripted,
    config: Mapping[str, Any],
    terminal: bool | None,  # noqa: FBT001 - a table
) -> None:
    error = failure(workdir, server.host, **config)

    assert terminal is None or error.terminal is terminal
    assert not error.failed


def test_loopback_is_refused_unless_the_operator_lists_it(workdir: Path, server: Scripted) -> None:
    assert "not allowed" in failure(workdir, server.host, policy=EgressPolicy()).message
    assert server.asked == []


def test_a_redirect_is_checked_again_and_loses_the_credentials(workdir: Path) -> None:
    with (
        answering(Answer(body=b"there")) as other,
        answering(Answer(302, headers={"Location": f"http://{other.host}/x"})) as server,
    ):
        run(workdir, server.host, headers=[{"name": "Authorization", "value": "s"}])

    assert "authorization" not in other.asked[0].headers
    assert (workdir / "out.yaml").read_bytes() == b"there"
    with (
        answering(Answer(302, headers={"Location": "http://169.254.169.254/"})) as server,
        pytest.raises(StepError, match="not allowed"),
    ):
        run(workdir, server.host, path="other")


def test_the_step_only_reads() -> None:
    assert HttpDownload.effect is Effect.READING
