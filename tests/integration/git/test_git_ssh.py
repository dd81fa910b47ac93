"""Remotes over SSH, at a real server."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from promotions.gateways.git.gateway import GitGateway, open_git
from promotions.gateways.git.settings import GitSettings
from promotions.ports.credentials import Credential
from promotions.ports.git import (
    AuthenticationError,
    HostUnreachableError,
    Remote,
    RepositoryNotFoundError,
)
from tests.fakes.git_origin import Origin
from tests.fakes.ssh_server import IS_INSTALLED, SshServer, running
from tests.integration.git.conftest import Promotion

pytestmark = pytest.mark.skipif(not IS_INSTALLED, reason="there is no sshd here")


@pytest.fixture
def ssh(tmp_path: Path) -> Iterator[SshServer]:
    with running(tmp_path / "ssh") as server:
        yield server


@pytest.fixture
def remote(ssh: SshServer, origin: Origin) -> Remote:
    key = Credential(ssh_private_key=ssh.key)
    return Remote(ssh.url(origin.path), credential=key, tenant_uid="t")


def test_history_is_read(gateway: GitGateway, remote: Remote, origin: Origin) -> None:
    assert gateway.repositories.list_refs(remote).branch("main") == origin.branch("main")
    assert next(gateway.repositories.walk(remote)).subject == "Start"


def test_a_promotion_clones_and_pushes_and_leaves_no_key(
    gateway: GitGateway, remote: Remote, origin: Origin, short_path: Path, settings: GitSettings
) -> None:
    promotion = Promotion(git=gateway, workdir=short_path, url=remote.url)
    assert remote.credential is not None
    promotion.credentials.known[remote.url] = remote.credential

    promotion.clone()
    promotion.edit("tag: v2\n")
    promotion.commit()
    promotion.push()

    assert origin.show("values.yaml") == "tag: v2"
    kept = [*short_path.rglob("*"), *settings.cache_dir.rglob("*")]
    assert not [it for it in kept if it.is_file() and b"OPENSSH PRIVATE KEY" in it.read_bytes()]


def test_a_key_with_the_line_ends_of_a_form_works(gateway: GitGateway, remote: Remote) -> None:
    assert remote.credential is not None
    pasted = remote.credential.ssh_private_key.rstrip("\n").replace("\n", "\r\n")

    listing = gateway.repositories.list_refs(
        replace(remote, credential=Credential(ssh_private_key=pasted))
    )

    assert listing.head == "main"


def test_a_wrong_key_a_missing_key_and_a_missing_repository_are_told_apart(
    gateway: GitGateway, remote: Remote, ssh: SshServer, tmp_path: Path
) -> None:
    with running(tmp_path / "other") as other:
        wrong = Credential(ssh_private_key=other.key)
    for credential in (wrong, None, Credential(ssh_private_key="no key at all")):
        with pytest.raises(AuthenticationError):
            gateway.repositories.list_refs(replace(remote, credential=credential))

    with pytest.raises(RepositoryNotFoundError):
        gateway.repositories.list_refs(replace(remote, url=ssh.url(tmp_path / "gone.git")))


def test_a_server_that_is_not_there_is_told_apart(gateway: GitGateway) -> None:
    with pytest.raises(HostUnreachableError):
        gateway.repositories.list_refs(Remote("ssh://git@127.0.0.1:1/x.git"))


def test_the_name_is_resolved_by_us_and_only_the_checked_address_is_used(
    settings: GitSettings, remote: Remote, monkeypatch: pytest.MonkeyPatch, ssh: SshServer
) -> None:
    answers = [(2, 1, 6, "", ("127.0.0.1", ssh.port))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: answers)
    egress = replace(settings.egress, allowed_hosts=frozenset({"only-we-know.invalid"}))
    gateway = open_git(replace(settings, egress=egress))
    named = replace(remote, url=remote.url.replace("127.0.0.1", "only-we-know.invalid"))

    assert gateway.repositories.list_refs(named).head == "main"
