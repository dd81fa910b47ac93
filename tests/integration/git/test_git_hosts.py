"""Hosts that ask for less, fail, or send us elsewhere."""

import multiprocessing
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from common.clock import now
from common.egress import EgressPolicy
from promotions.gateways.git.gateway import open_git
from promotions.gateways.git.hosts import HostLimits
from promotions.gateways.git.settings import GitSettings
from promotions.ports.git import (
    GitError,
    HostPausedError,
    HostUnreachableError,
    RefusedURLError,
    Remote,
    RepositoryNotFoundError,
)
from tests.fakes.git_host import Asked, Reply, scripted
from tests.fakes.git_http_server import GitHTTPServer, serving
from tests.fakes.git_origin import Origin
from tests.integration.git.conftest import BOT, LOOPBACK, PASSWORD, Promotion

TAIL = "/info/refs?service=git-upload-pack"
IMPATIENT = HostLimits(patience=timedelta(0))

_FRESH = multiprocessing.get_context("spawn")


@pytest.fixture
def settings(tmp_path: Path) -> GitSettings:
    return GitSettings(cache_dir=tmp_path / "cache", egress=LOOPBACK, hosts=IMPATIENT)


def _list(settings: GitSettings, url: str) -> str:
    """Return the code of the error, if there is one."""
    try:
        open_git(settings).repositories.list_refs(Remote(url))
    except GitError as error:
        return error.code
    return ""


def test_a_host_that_asks_for_less_is_left_alone_as_long_as_it_says(settings: GitSettings) -> None:
    with scripted(lambda _: Reply(429, (("Retry-After", "90"),))) as host:
        asked_at = now()

        with pytest.raises(HostPausedError, match="left alone until") as caught:
            open_git(settings).repositories.list_refs(Remote(f"{host.url}/a.git"))
        again = _list(settings, f"{host.url}/b.git")

    assert timedelta(seconds=80) < caught.value.until - asked_at < timedelta(seconds=100)
    assert again == "git_host_paused"
    assert len(host.asked) == 1


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_host_that_fails_is_left_alone(settings: GitSettings, status: int) -> None:
    settings = replace(settings, hosts=replace(IMPATIENT, first_pause=timedelta(minutes=1)))
    with scripted(lambda _: Reply(status)) as host:
        url = f"{host.url}/a.git"

        found = [_list(settings, url) for _ in range(3)]

    assert found == ["git_unreachable", "git_host_paused", "git_host_paused"]
    assert len(host.asked) == 1


def test_other_hosts_are_not_slowed_and_an_answer_ends_the_pauses(
    settings: GitSettings, server: GitHTTPServer, tmp_path: Path
) -> None:
    settings = replace(settings, hosts=replace(IMPATIENT, first_pause=timedelta(seconds=2)))
    server.users.clear()
    replies = [Reply(503)]
    with scripted(lambda _: replies[0]) as host:
        assert _list(settings, f"{host.url}/a.git") == "git_unreachable"

        assert _list(settings, f"{server.url}/origin.git") == ""
        assert _list(settings, f"{host.url}/a.git") == "git_host_paused"

        time.sleep(2)
        replies[0] = Reply(404)
        assert _list(settings, f"{host.url}/a.git") == "git_repository_not_found"
        assert _list(settings, f"{host.url}/b.git") == "git_repository_not_found"


def _list_from_a_process(settings: GitSettings, url: str) -> None:
    for number in range(5):
        _list(settings, f"{url}/{number}.git")


def test_all_workers_of_the_machine_leave_the_host_alone(settings: GitSettings) -> None:
    with scripted(lambda _: Reply(429, (("Retry-After", "60"),))) as host:
        _list(settings, f"{host.url}/a.git")
        workers = [
            _FRESH.Process(target=_list_from_a_process, args=(settings, host.url)) for _ in range(2)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(timeout=60)

    assert [worker.exitcode for worker in workers] == [0, 0]
    assert len(host.asked) == 1


def _moved(to: Callable[[], str]) -> Callable[[Asked], Reply]:
    return lambda _: Reply(301, (("Location", f"{to()}{TAIL}"),))


def test_a_repository_that_has_moved_on_the_same_host_is_found_with_credentials(
    settings: GitSettings, origin: Origin, tmp_path: Path, short_path: Path
) -> None:
    with serving(tmp_path, users={"bot": PASSWORD}) as server:
        server.moved["old.git"] = "origin.git"
        url = f"{server.url}/old.git"
        gateway = open_git(settings)
        promotion = Promotion(git=gateway, workdir=short_path, url=url)
        promotion.credentials.known[url] = BOT

        promotion.clone()
        promotion.edit("tag: v2\n")
        promotion.commit()
        promotion.push()

    assert origin.show("values.yaml") == "tag: v2"


def test_credentials_do_not_follow_to_another_host(
    settings: GitSettings, origin: Origin, tmp_path: Path
) -> None:
    with serving(tmp_path) as public, scripted(_moved(lambda: f"{public.url}/origin.git")) as host:
        remote = Remote(f"{host.url}/old.git", credential=BOT, tenant_uid="t")

        listing = open_git(settings).repositories.list_refs(remote)

    assert listing.branch("main") == origin.branch("main")
    assert host.asked[0].headers["authorization"].startswith("Basic ")
    assert set(public.authorizations) == {""}


@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/a.git", "http://[::1]:1/a.git", "file:///etc", "ssh://h/a"]
)
def test_a_redirect_to_a_refused_address_is_not_followed(
    settings: GitSettings, target: str
) -> None:
    with scripted(_moved(lambda: target)) as host, pytest.raises(RefusedURLError):
        open_git(settings).repositories.list_refs(Remote(f"{host.url}/a.git"))

    assert len(host.asked) == 1


def test_redirects_that_never_end_are_given_up(settings: GitSettings) -> None:
    with scripted(lambda asked: Reply(302, (("Location", asked.path),))) as host:
        with pytest.raises(HostUnreachableError, match="again and again"):
            open_git(settings).repositories.list_refs(Remote(f"{host.url}/a.git"))
        assert len(host.asked) < 10

    sign_in = Reply(302, (("Location", "/users/sign_in"),))
    with scripted(lambda _: sign_in) as host, pytest.raises(RepositoryNotFoundError):
        open_git(settings).repositories.list_refs(Remote(f"{host.url}/a.git"))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254"])
@pytest.mark.parametrize("scheme", ["http", "https", "ssh"])
def test_addresses_that_the_operator_refuses_are_never_asked(
    settings: GitSettings, scheme: str, host: str
) -> None:
    gateway = open_git(replace(settings, egress=EgressPolicy()))

    with pytest.raises(RefusedURLError, match="not allowed"):
        gateway.repositories.list_refs(Remote(f"{scheme}://{host}:1/a.git"))


def test_the_address_that_was_checked_is_the_one_connected_to(
    settings: GitSettings, server: GitHTTPServer, origin: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.users.clear()
    port = server.url.rpartition(":")[2]
    answers = [(2, 1, 6, "", ("127.0.0.1", int(port)))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: answers)
    url = f"http://only-we-know.invalid:{port}/origin.git"
    allowed = EgressPolicy(allowed_hosts=frozenset({"only-we-know.invalid"}))

    listing = open_git(replace(settings, egress=allowed)).repositories.list_refs(Remote(url))

    assert listing.branch("main") == origin.branch("main")
