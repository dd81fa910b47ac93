import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from promotions.engine.runner import StepError
from promotions.gateways.git.gateway import GitGateway, open_git
from promotions.ports.credentials import Credential
from promotions.ports.git import (
    AuthenticationError,
    DiskFullError,
    GitError,
    Remote,
)
from tests.fakes.git_http_server import GitHTTPServer
from tests.fakes.git_origin import Origin
from tests.integration.git.conftest import BOT, Promotion


def test_fifty_discoveries_at_once_cost_at_most_two_fetches(
    gateway: GitGateway, remote: Remote, server: GitHTTPServer
) -> None:
    next(gateway.repositories.walk(remote))
    server.requests.clear()
    server.delay = lambda: time.sleep(0.2)

    with ThreadPoolExecutor(50) as pool:
        subjects = list(
            pool.map(
                lambda _: next(gateway.repositories.walk(remote, branch="main")).subject, range(50)
            )
        )

    assert subjects == ["Start"] * 50
    assert server.requests["refs:git-upload-pack"] <= 2


def test_a_branch_that_the_cache_already_has_is_not_fetched_again(
    gateway: GitGateway, remote: Remote, server: GitHTTPServer, origin: Origin
) -> None:
    start = origin.branch("main")
    next(gateway.repositories.walk(remote, branch="main"))
    server.requests.clear()

    again = next(gateway.repositories.walk(remote, branch="main", at=start))
    asked = server.requests["refs:git-upload-pack"]
    newer = origin.commit({"x": "1"}, "Next")

    assert (again.id, asked) == (start, 0)
    assert next(gateway.repositories.walk(remote, branch="main", at=newer)).id == newer


def test_a_failure_is_shared_by_those_who_waited_for_it(
    gateway: GitGateway, remote: Remote, server: GitHTTPServer
) -> None:
    server.delay = lambda: time.sleep(0.2)
    wrong = replace(remote, url=f"{server.url}/gone.git")

    def ask(_: int) -> str:
        try:
            gateway.repositories.list_refs(wrong)
        except GitError as error:
            return error.code
        return ""

    with ThreadPoolExecutor(20) as pool:
        codes = set(pool.map(ask, range(20)))

    assert codes == {"git_repository_not_found"}
    assert server.requests["refs:git-upload-pack"] <= 2


def test_tenants_and_credentials_never_share_a_mirror(
    gateway: GitGateway, remote: Remote, origin: Origin
) -> None:
    mirrors = gateway.repositories.mirrors
    others = [
        replace(remote, tenant_uid="other"),
        replace(remote, credential=None),
        replace(remote, credential=Credential(username="bot", password="another")),
    ]

    folders = {mirrors.mirror(it).folder for it in [remote, *others]}

    assert len(folders) == 4
    same = replace(remote, url=remote.url.removesuffix(".git").upper().replace("HTTP", "http"))
    assert mirrors.mirror(same).folder == mirrors.mirror(remote).folder
    rotated = [
        replace(remote, credential_name="app", credential=Credential(username="x", password=it))
        for it in ("1", "2")
    ]
    assert len({mirrors.mirror(it).folder for it in rotated}) == 1


def test_who_shares_a_mirror(gateway: GitGateway, server: GitHTTPServer) -> None:
    def folder(**more: object) -> Path:
        remote = replace(Remote(f"{server.url}/origin.git", tenant_uid="a"), **more)  # type: ignore[arg-type] # the fields of a remote
        return gateway.repositories.mirrors.mirror(remote).folder

    named = Credential(username="x", password="1", name="app")
    content = Credential(username="app", password="1")

    assert folder() == folder(tenant_uid="b"), "read without credentials"
    assert folder() != folder(insecure_skip_tls_verify=True), "from a host that proved nothing"
    assert folder(credential=named) == folder(credential=replace(named, password="2"))
    assert folder(credential=named) != folder(credential=named, tenant_uid="b")
    assert folder(credential=named) != folder(credential=content)
    assert folder(credential=content) != folder(credential=content, tenant_uid="b")
    assert folder(credential=named, credential_name="other") != folder(credential=named)


def test_credentials_that_were_revoked_read_nothing(
    gateway: GitGateway, remote: Remote, server: GitHTTPServer, origin: Origin, short_path: Path
) -> None:
    newest = origin.branch("main")
    next(gateway.repositories.walk(remote))
    server.users["bot"] = "another"
    for note in gateway.repositories.mirrors.mirror(remote).folder.glob("*.json"):
        note.unlink()  # it is older than a minute
    promotion = Promotion(git=gateway, workdir=short_path, url=remote.url)
    promotion.credentials.known[remote.url] = BOT
    repositories = gateway.repositories
    asks: list[Callable[[], object]] = [
        lambda: repositories.list_refs(remote),
        lambda: list(repositories.walk(remote, branch="main")),
        lambda: list(repositories.walk(remote, branch="main", at=newest)),
        lambda: repositories.tags(remote),
        lambda: repositories.commit_message(remote, newest),
        lambda: repositories.same_content(remote, newest, "1" * 40),
        lambda: repositories.changed_paths(remote, [newest]),
    ]

    for ask in asks:
        with pytest.raises(AuthenticationError):
            ask()
    with pytest.raises(StepError, match="refused the credentials"):
        promotion.clone()


@pytest.mark.parametrize("damage", ["objects", "config", "pack", "head"])
def test_a_damaged_mirror_is_made_again(
    gateway: GitGateway, promotion: Promotion, origin: Origin, damage: str
) -> None:
    remote = Remote(origin.url)
    next(gateway.repositories.walk(remote))
    git_dir = gateway.repositories.mirrors.mirror(remote).git_dir
    match damage:
        case "objects":
            shutil.rmtree(git_dir / "objects")
        case "config":
            (git_dir / "config").write_text("[core\n")
        case "head":
            (git_dir / "HEAD").write_text("")
        case _:
            for path in (git_dir / "objects").rglob("*"):
                if path.is_file():
                    path.chmod(0o600)
                    path.write_bytes(b"")

    assert next(gateway.repositories.walk(remote)).subject == "Start"
    promotion.clone()
    assert (promotion.workdir / "out/values.yaml").read_text() == "tag: v1\n"


def test_a_clone_survives_a_mirror_that_lost_its_objects(
    gateway: GitGateway, promotion: Promotion, origin: Origin
) -> None:
    promotion.clone()
    git_dir = gateway.repositories.mirrors.mirror(Remote(origin.url)).git_dir
    for path in (git_dir / "objects").rglob("*"):
        if path.is_file():
            path.unlink()

    promotion.clone()

    assert (promotion.workdir / "out/values.yaml").read_text() == "tag: v1\n"


def test_lock_files_of_a_killed_fetch_are_no_obstacle(gateway: GitGateway, origin: Origin) -> None:
    remote = Remote(origin.url)
    next(gateway.repositories.walk(remote))
    git_dir = gateway.repositories.mirrors.mirror(remote).git_dir
    (git_dir / "refs/remotes/origin").mkdir(parents=True, exist_ok=True)
    (git_dir / "refs/remotes/origin/main.lock").touch()
    (git_dir / "packed-refs.lock").touch()
    origin.commit({"x": "1"}, "Next")

    assert next(gateway.repositories.walk(remote)).subject == "Next"


def test_a_full_disk_is_told_apart(gateway: GitGateway, origin: Origin, tmp_path: Path) -> None:
    program = tmp_path / "git"
    program.write_text(
        "#!/bin/sh\necho 'fatal: write error: No space left on device' >&2\nexit 128\n"
    )
    program.chmod(0o755)
    settings = replace(gateway.workspaces.runner.settings, program=str(program))

    with pytest.raises(DiskFullError, match="disk is full"):
        next(open_git(settings).repositories.walk(Remote(origin.url), branch="main"))
