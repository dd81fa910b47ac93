"""Upstreams that are hostile, broken or merely odd."""

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from promotions.gateways.git.gateway import GitGateway, open_git
from promotions.gateways.git.settings import CacheLimits, GitSettings
from promotions.ports.git import (
    GitError,
    GitTimeoutError,
    HostUnreachableError,
    RefNotFoundError,
    Remote,
    RepositoryRefusedError,
)
from tests.fakes.git_host import (
    ADVERTISEMENT,
    RESULT,
    Asked,
    Reply,
    advertisement,
    packet,
    scripted,
)
from tests.fakes.git_origin import Origin, git
from tests.integration.git.conftest import Promotion

SOME_ID = "1" * 40
MANY = 100_000


def _walk(settings: GitSettings, url: str) -> None:
    next(open_git(settings).repositories.walk(Remote(url), branch="main"))


def _pack(*chunks: bytes) -> Iterator[bytes]:
    """Answer a request for a pack, in protocol version 0."""
    yield packet("NAK\n")
    for chunk in chunks:
        yield packet(b"\x01" + chunk)
    yield b"0000"


def _serving_packs(chunks: Iterator[bytes]) -> Reply:
    return Reply(headers=(("Content-Type", RESULT),), chunks=chunks)


PAGE = Reply(headers=(("Content-Type", "text/html"),), chunks=[b"<html>Please sign in</html>"])
GARBAGE = Reply(headers=(("Content-Type", ADVERTISEMENT),), chunks=[os.urandom(5000)])
NOTHING = Reply(headers=(("Content-Type", ADVERTISEMENT),))
HALF = Reply(
    headers=(("Content-Type", ADVERTISEMENT),),
    chunks=[packet("# service=git-upload-pack\n"), b"0000", b"0fff"],
)


@pytest.mark.parametrize(
    "reply", [PAGE, GARBAGE, NOTHING, HALF], ids=["html", "noise", "empty", "half"]
)
def test_answers_that_are_not_gits_are_the_hosts_fault(settings: GitSettings, reply: Reply) -> None:
    with scripted(lambda _: reply) as host:
        for ask in (_walk, lambda it, url: open_git(it).repositories.list_refs(Remote(url))):
            with pytest.raises(HostUnreachableError) as caught:
                ask(settings, f"{host.url}/a.git")
            assert len(str(caught.value)) < 700


def test_a_web_page_in_the_place_of_a_repository_empties_no_mirror(
    gateway: GitGateway, origin: Origin, settings: GitSettings
) -> None:
    with scripted(lambda _: PAGE) as host:
        mirrors = gateway.repositories.mirrors
        mirror = mirrors.mirror(Remote(f"{host.url}/a.git"))
        shutil.copytree(_made(gateway, origin), mirror.git_dir)

        with pytest.raises(HostUnreachableError, match="web page"):
            mirror.fetch()

        host.script = lambda _: Reply(404)
        with pytest.raises(GitError):
            mirror.fetch()


def _made(gateway: GitGateway, origin: Origin) -> Path:
    next(gateway.repositories.walk(Remote(origin.url)))
    return gateway.repositories.mirrors.mirror(Remote(origin.url)).git_dir


@pytest.mark.parametrize(
    "chunks",
    [
        (b"PACK\0\0\0\2\0\0\0\5" + os.urandom(3000),),
        (b"<html>",),
        (),
        (b"PACK\0\0\0\2\xff\xff\xff\xff",),
    ],
    ids=["noise", "html", "nothing", "promises"],
)
def test_a_pack_that_is_none_is_the_hosts_fault(
    settings: GitSettings, chunks: tuple[bytes, ...]
) -> None:
    def script(asked: Asked) -> Reply:
        if asked.method == "GET":
            return advertisement(f"{SOME_ID} HEAD", f"{SOME_ID} refs/heads/main")
        return _serving_packs(_pack(*chunks))

    with scripted(script) as host, pytest.raises(HostUnreachableError):
        _walk(settings, f"{host.url}/a.git")

    assert not list(settings.cache_dir.rglob("tmp_pack_*"))
    assert not list(settings.cache_dir.rglob("repo.git"))


def test_an_error_in_the_middle_of_a_fetch_is_told_apart(settings: GitSettings) -> None:
    def script(asked: Asked) -> Reply:
        if asked.method == "GET":
            return advertisement(f"{SOME_ID} HEAD", f"{SOME_ID} refs/heads/main")
        return Reply(500)

    with scripted(script) as host, pytest.raises(HostUnreachableError, match="500"):
        _walk(settings, f"{host.url}/a.git")


def test_a_pack_that_never_ends_is_cut_off_at_the_largest_size(settings: GitSettings) -> None:
    def endless() -> Iterator[bytes]:
        # A blob of random bytes, stored, not compressed, that goes on and on.
        yield from (
            packet("NAK\n"),
            packet(b"\x01PACK\0\0\0\2\0\0\0\1" + b"\xbf\xff\xff\xff\x7f\x78\x01"),
        )
        noise = os.urandom(60_000)
        block = b"\0" + len(noise).to_bytes(2, "little")
        block += (0xFFFF - len(noise)).to_bytes(2, "little") + noise
        line = packet(b"\x01" + block)
        while True:
            yield line

    def script(asked: Asked) -> Reply:
        if asked.method == "GET":
            return advertisement(f"{SOME_ID} HEAD", f"{SOME_ID} refs/heads/main")
        return _serving_packs(endless())

    small = replace(settings, cache=CacheLimits(mirror_bytes=20_000_000))
    with scripted(script) as host, pytest.raises(RepositoryRefusedError, match="19 MiB"):
        _walk(small, f"{host.url}/a.git")

    kept = sum(path.stat().st_size for path in settings.cache_dir.rglob("*") if path.is_file())
    assert kept < 1_000_000


def test_a_repository_that_grew_too_large_is_refused(
    gateway: GitGateway, settings: GitSettings, origin: Origin
) -> None:
    next(gateway.repositories.walk(Remote(origin.url)))
    (origin.bobs / "large").write_bytes(os.urandom(3_000_000))
    origin.commit({}, "Large")
    small = open_git(replace(settings, cache=CacheLimits(mirror_bytes=2_000_000)))

    for _ in range(2):
        with pytest.raises(RepositoryRefusedError, match="KARGO_GIT_MIRROR_BYTES"):
            next(small.repositories.walk(Remote(origin.url)))


def test_a_transfer_that_stands_still_is_given_up(settings: GitSettings) -> None:
    def trickle() -> Iterator[bytes]:
        yield packet("# service=git-upload-pack\n") + b"0000"
        for _ in range(100):
            time.sleep(0.2)
            yield b"0"

    slow = Reply(headers=(("Content-Type", ADVERTISEMENT),), chunks=trickle())
    hasty = replace(settings, stall_timeout=timedelta(seconds=1))
    started = time.monotonic()
    with scripted(lambda _: slow) as host, pytest.raises(HostUnreachableError):
        _walk(hasty, f"{host.url}/a.git")

    assert time.monotonic() - started < 10


def test_an_answer_that_never_comes_is_given_up(settings: GitSettings) -> None:
    def script(_: Asked) -> Reply:
        time.sleep(3)
        return Reply()

    hasty = replace(settings, remote_timeout=timedelta(seconds=0.5))
    with scripted(script) as host, pytest.raises(GitTimeoutError):
        _walk(hasty, f"{host.url}/a.git")


def test_names_that_are_not_utf8_survive(
    gateway: GitGateway, promotion: Promotion, origin: Origin
) -> None:
    head = origin.branch("main")
    odd = b"refs/heads/caf\xe9-\xff"
    with (origin.path / "packed-refs").open("ab") as file:
        file.write(f"{head} ".encode() + odd + b"\n")
    path = os.fsencode(origin.bobs) + b"/f\xe9.txt"
    with open(path, "wb") as file:  # noqa: PTH123 - a path of bytes
        file.write(b"\xff\n")
    message = origin.bobs / "message"
    message.write_bytes(b"Gr\xfc\xdfe\n")
    git("add", "-A", ":!message", cwd=origin.bobs)
    git("-c", "i18n.commitEncoding=ISO-8859-1", "commit", "-q", "-F", str(message), cwd=origin.bobs)
    git("push", "-q", "origin", "HEAD:main", cwd=origin.bobs)
    message.unlink()

    newest = next(gateway.repositories.walk(Remote(origin.url), with_paths=True))
    promotion.clone()

    assert newest.subject == "Grüße"
    assert newest.changed_paths == ("f\N{REPLACEMENT CHARACTER}.txt",)
    assert gateway.repositories.list_refs(Remote(origin.url)).branch("main") == newest.id
    assert gateway.repositories.commit_message(Remote(origin.url), newest.id) == "Grüße"


@pytest.mark.parametrize(
    "name", ["-x", "HEAD", "refs/heads/x", "ünï", "a/b/c", "100%", "$(x)", "main.x", "@x"]
)
def test_branches_with_odd_names_can_be_read(
    gateway: GitGateway, origin: Origin, name: str
) -> None:
    git("update-ref", f"refs/heads/{name}", origin.branch("main"), cwd=origin.path)
    listing = gateway.repositories.list_refs(Remote(origin.url))

    assert listing.branch(name) == origin.branch("main")
    if name.startswith("-") or name == "HEAD":
        return  # nobody can ask for it by name
    assert next(gateway.repositories.walk(Remote(origin.url), branch=name)).subject == "Start"


def test_an_empty_repository_is_told_apart(gateway: GitGateway, tmp_path: Path) -> None:
    git("init", "-q", "--bare", "-b", "main", "empty.git", cwd=tmp_path)
    remote = Remote(f"file://{tmp_path}/empty.git")

    assert gateway.repositories.list_refs(remote).refs == {}
    with pytest.raises(RefNotFoundError, match="empty"):
        next(gateway.repositories.walk(remote))
    with pytest.raises(RefNotFoundError):
        next(gateway.repositories.walk(remote, branch="main"))
    assert gateway.repositories.tags(remote) == ()


def test_a_default_branch_that_is_renamed_is_followed(
    gateway: GitGateway, promotion: Promotion, origin: Origin
) -> None:
    next(gateway.repositories.walk(Remote(origin.url)))
    git("branch", "-m", "main", "trunk", cwd=origin.path)

    newest = next(gateway.repositories.walk(Remote(origin.url)))
    promotion.clone({"path": "out"})

    assert newest.id == origin.branch("trunk")
    assert git("symbolic-ref", "--short", "HEAD", cwd=promotion.workdir / "out") == "trunk"
    with pytest.raises(RefNotFoundError):
        next(gateway.repositories.walk(Remote(origin.url), branch="main"))


def test_a_branch_that_is_rewritten_is_followed(gateway: GitGateway, origin: Origin) -> None:
    origin.commit({"x": "1"}, "Wrong")
    next(gateway.repositories.walk(Remote(origin.url)))
    git("reset", "-q", "--hard", "HEAD~1", cwd=origin.bobs)
    git("commit", "-q", "--allow-empty", "-m", "Right", cwd=origin.bobs)
    git("push", "-q", "--force", "origin", "HEAD:main", cwd=origin.bobs)

    subjects = [it.subject for it in gateway.repositories.walk(Remote(origin.url))]

    assert subjects == ["Right", "Start"]


def test_a_repository_with_sha256_names_is_refused_in_words(
    gateway: GitGateway, tmp_path: Path
) -> None:
    git("init", "-q", "--object-format=sha256", "-b", "main", "new", cwd=tmp_path)
    git("commit", "-q", "--allow-empty", "-m", "x", cwd=tmp_path / "new")

    with pytest.raises(RepositoryRefusedError, match="SHA-256"):
        next(gateway.repositories.walk(Remote(f"file://{tmp_path}/new/.git"), branch="main"))


@pytest.mark.slow
def test_a_hundred_thousand_refs_are_read_in_bounded_time(
    gateway: GitGateway, promotion: Promotion, origin: Origin
) -> None:
    head = origin.branch("main")
    lines = (f"{head} refs/heads/b/{number:06}\n" for number in range(MANY))
    with (origin.path / "packed-refs").open("a") as file:
        file.writelines(lines)
    started = time.monotonic()

    listing = gateway.repositories.list_refs(Remote(origin.url))
    newest = next(gateway.repositories.walk(Remote(origin.url), branch="b/099999"))
    promotion.clone({"branch": "b/050000", "path": "out"})

    assert len(listing.refs) == MANY + 2
    assert newest.id == head
    assert time.monotonic() - started < 60
