import os
import shutil
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from common.errors import PlatformError
from promotions.gateways.git.gateway import GitGateway, open_git
from promotions.gateways.git.settings import GitSettings
from promotions.ports.credentials import Credential
from promotions.ports.git import (
    AuthenticationError,
    GitRepositories,
    GitTimeoutError,
    HostUnreachableError,
    RefNotFoundError,
    RefusedURLError,
    Remote,
    RepositoryNotFoundError,
)
from promotions.ports.workspaces import Workspaces
from tests.fakes.git_http_server import GitHTTPServer
from tests.fakes.git_origin import Origin, git
from tests.integration.git.conftest import BOT, PASSWORD, Promotion


def test_the_gateway_is_what_the_ports_ask_for(gateway: GitGateway) -> None:
    ports: tuple[GitRepositories, Workspaces] = (gateway.repositories, gateway.workspaces)

    assert len(ports) == 2


def test_refs_are_listed_with_the_default_branch(gateway: GitGateway, origin: Origin) -> None:
    origin.tag("v1", message="One")

    listing = gateway.repositories.list_refs(Remote(origin.url))

    assert listing.head == "main"
    assert listing.branch("") == listing.branch("main") == origin.branch("main")
    assert listing.branch("nope") == ""
    assert set(listing.tags()) == {"v1"}
    assert not any(name.endswith("^{}") for name in listing.refs)


def test_a_listing_may_be_as_old_as_the_caller_says(
    remote: Remote, gateway: GitGateway, server: GitHTTPServer
) -> None:
    for _ in range(5):
        gateway.repositories.list_refs(remote, max_age=timedelta(minutes=1))
    asked = server.requests["refs:git-upload-pack"]

    gateway.repositories.list_refs(remote)

    assert asked == 1
    assert server.requests["refs:git-upload-pack"] == 2


def test_history_is_walked_newest_first_with_changed_paths(
    gateway: GitGateway, origin: Origin
) -> None:
    origin.commit({"apps/b.yaml": "b"}, "Two\n\nBody with / and \x01")
    git("mv", "apps/b.yaml", "apps/c.yaml", cwd=origin.bobs)
    origin.commit({}, "Rename")
    origin.commit({"side": "1"}, "Side", branch="side")
    git("checkout", "-q", "main", cwd=origin.bobs)
    git("merge", "-q", "--no-ff", "-m", "Merge side", "side", cwd=origin.bobs)
    git("push", "-q", "origin", "main", cwd=origin.bobs)
    origin.commit({}, "Nothing")

    records = list(gateway.repositories.walk(Remote(origin.url), with_paths=True))

    assert [(record.subject, record.changed_paths) for record in records] == [
        ("Nothing", ()),
        ("Merge side", ("side",)),
        ("Rename", ("apps/b.yaml", "apps/c.yaml")),
        ("Two", ("apps/b.yaml",)),
        ("Start", ("apps/a/x.yaml", "values.yaml")),
    ]
    assert records[3].message == "Two\n\nBody with / and \x01"
    assert records[0].author == records[0].committer == "Bob <bob@example.com>"
    assert records[0].id == origin.branch("main")
    assert abs(records[0].committed_at.timestamp() - time.time()) < 60
    found = gateway.repositories.changed_paths(Remote(origin.url), [it.id for it in records])
    assert [found[it.id] for it in records] == [it.changed_paths for it in records]
    assert next(gateway.repositories.walk(Remote(origin.url))).changed_paths == ()


def test_tags_come_with_their_commits_newest_first(gateway: GitGateway, origin: Origin) -> None:
    origin.tag("light")
    time.sleep(1.1)
    origin.tag("v1", message="The note\n\nMore")
    tree = git("rev-parse", "HEAD^{tree}", cwd=origin.bobs)
    git("tag", "on-a-tree", tree, cwd=origin.bobs)
    git("push", "-q", "origin", "on-a-tree", cwd=origin.bobs)

    noted, light = gateway.repositories.tags(Remote(origin.url))

    assert (noted.tag, light.tag) == ("v1", "light")
    assert noted.id == light.id == origin.branch("main")
    assert noted.subject == light.subject == "Start"
    assert noted.annotation == "The note\n\nMore"
    assert noted.tagger == "Bob <bob@example.com>"
    assert light.annotation == light.tagger == ""


def test_deleted_and_rewritten_branches_are_followed(gateway: GitGateway, origin: Origin) -> None:
    remote = Remote(origin.url)
    origin.commit({"x": "1"}, "Deep", branch="a/b")
    assert next(gateway.repositories.walk(remote, branch="a/b")).subject == "Deep"

    git("update-ref", "-d", "refs/heads/a/b", cwd=origin.path)
    git("branch", "a", "main", cwd=origin.path)

    assert next(gateway.repositories.walk(remote, branch="a")).subject == "Start"
    with pytest.raises(RefNotFoundError, match='no branch "a/b"'):
        next(gateway.repositories.walk(remote, branch="a/b"))


def test_a_bad_password_is_told_apart_and_never_shown(gateway: GitGateway, remote: Remote) -> None:
    wrong = replace(remote, credential=Credential(username="bot", password="wr0ng-p4ss"))

    with pytest.raises(AuthenticationError) as caught:
        gateway.repositories.list_refs(wrong)

    assert "wr0ng" not in str(caught.value)
    with pytest.raises(AuthenticationError):
        gateway.repositories.list_refs(replace(remote, credential=None))


def test_a_repository_that_is_gone_is_told_apart_and_recovers(
    gateway: GitGateway, remote: Remote, origin: Origin
) -> None:
    assert next(gateway.repositories.walk(remote)).subject == "Start"
    origin.path.rename(origin.path.with_suffix(".away"))

    with pytest.raises(RepositoryNotFoundError):
        next(gateway.repositories.walk(remote))

    origin.path.with_suffix(".away").rename(origin.path)
    assert next(gateway.repositories.walk(remote)).subject == "Start"


def test_a_host_that_does_not_answer_is_told_apart(gateway: GitGateway) -> None:
    with pytest.raises(HostUnreachableError) as caught:
        gateway.repositories.list_refs(Remote("http://127.0.0.1:1/x.git"))

    assert caught.value.retryable


def test_a_slow_host_is_given_up_after_the_time_limit(
    settings: GitSettings, remote: Remote, server: GitHTTPServer
) -> None:
    server.delay = lambda: time.sleep(3)
    gateway = open_git(replace(settings, remote_timeout=timedelta(seconds=0.3)))

    with pytest.raises(GitTimeoutError):
        gateway.repositories.list_refs(remote)


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c 'touch /tmp/owned'",
        "ext::sh",
        "-oProxyCommand=x",
        "--upload-pack=x",
        "ssh://-oProxyCommand=x/y",
        "git@-host:x",
        "host:-x",
        "ftp://host/x",
        "git://host/x",
        "https://",
        "https:///x",
        "https://ho st/x",
        "https://host/x\nhttps://y",
        "fd::17",
        "",
        "relative/path",
    ],
)
def test_hostile_addresses_are_refused(gateway: GitGateway, url: str) -> None:
    with pytest.raises(RefusedURLError):
        gateway.repositories.list_refs(Remote(url))


def test_local_repositories_are_refused_unless_allowed(
    settings: GitSettings, origin: Origin
) -> None:
    gateway = open_git(replace(settings, allow_local=False))

    for url in (origin.url, str(origin.path)):
        with pytest.raises(RefusedURLError, match="not allowed here"):
            gateway.repositories.list_refs(Remote(url))


def test_a_promotion_works_over_http_and_the_password_is_nowhere(
    gateway: GitGateway, remote: Remote, server: GitHTTPServer, origin: Origin,
    short_path: Path, tmp_path: Path,
) -> None:  # fmt: skip
    recorder = tmp_path / "git-recorder"
    calls = tmp_path / "calls"
    real = gateway.workspaces.runner.settings.program
    recorder.write_text(f'#!/bin/sh\necho "$@" >> {calls}\nexec {real} "$@"\n')
    recorder.chmod(0o755)
    recorded = open_git(replace(gateway.workspaces.runner.settings, program=str(recorder)))
    promotion = Promotion(git=recorded, workdir=short_path, url=remote.url)
    promotion.credentials.known[remote.url] = BOT

    promotion.clone()
    promotion.edit("tag: v2\n")
    promotion.commit()
    promotion.push()

    assert origin.show("values.yaml") == "tag: v2"
    assert server.requests["refused"] == 0
    assert "push" in calls.read_text()
    assert PASSWORD not in calls.read_text()
    kept = [*short_path.rglob("*"), *(tmp_path / "cache").rglob("*")]
    assert not [path for path in kept if path.is_file() and PASSWORD.encode() in path.read_bytes()]


def test_a_password_in_the_address_is_moved_out_of_it(
    gateway: GitGateway, server: GitHTTPServer, tmp_path: Path
) -> None:
    url = f"{server.url}/origin.git".replace("http://", f"http://bot:{PASSWORD}@")

    listing = gateway.repositories.list_refs(Remote(url))

    assert listing.head == "main"
    with pytest.raises(PlatformError) as caught:
        gateway.repositories.list_refs(Remote(url.replace("origin", "gone")))
    assert PASSWORD not in str(caught.value)


def test_the_environment_of_this_process_stays_here(
    gateway: GitGateway, origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = tmp_path / "seen"
    program = tmp_path / "git"
    program.write_text(f'#!/bin/sh\nenv > {seen}\nexec {shutil.which("git")} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("DATABASE_URL", "postgres://secret")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    settings = replace(gateway.workspaces.runner.settings, program=str(program))

    open_git(settings).repositories.list_refs(Remote(origin.url))

    names = {line.partition("=")[0] for line in seen.read_text().splitlines()}
    assert not names & {"DATABASE_URL", "GIT_DIR"}
    assert "GIT_CONFIG_NOSYSTEM" in names
    assert os.environ["DATABASE_URL"] == "postgres://secret"
