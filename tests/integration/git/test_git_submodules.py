from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from promotions.engine.runner import StepError, StepStatus
from promotions.gateways.git import submodules
from promotions.gateways.git.gateway import GitGateway
from promotions.gateways.git.submodule_urls import Declared, declared_in, remote_of
from promotions.ports.credentials import Credential
from promotions.ports.git import RefusedURLError, Remote
from tests.fakes.git_http_server import GitHTTPServer, serving
from tests.fakes.git_origin import Origin, git
from tests.fakes.git_ports import FixedCredentials
from tests.integration.git.conftest import BOT, Promotion

DECLARED = """[submodule "{name}"]
\tpath = {path}
\turl = {url}
"""


def point(origin: Origin, path: str, commit: str) -> None:
    """Make ``path`` a submodule at ``commit``, without asking Git whether that is wise."""
    git("update-index", "--add", "--cacheinfo", f"160000,{commit},{path}", cwd=origin.bobs)
    (origin.bobs / path).mkdir(parents=True, exist_ok=True)


def declare(
    origin: Origin, url: str, *, part: Origin, path: str = "vendor/part", extra: str = ""
) -> None:
    """Commit a submodule with this url."""
    point(origin, path, part.branch("main"))
    text = DECLARED.format(name=path, path=path, url=url) + extra
    (origin.bobs / ".gitmodules").write_text(text)
    git("add", ".gitmodules", cwd=origin.bobs)
    git("commit", "-q", "-m", "Add a submodule", cwd=origin.bobs)
    git("push", "-q", "origin", "HEAD:refs/heads/main", cwd=origin.bobs)


@dataclass
class World:
    """A repository, a part of it and a part of that, on a server that asks for a password."""

    origin: Origin
    part: Origin
    leaf: Origin
    server: GitHTTPServer
    promotion: Promotion


@pytest.fixture
def world(
    gateway: GitGateway, origin: Origin, server: GitHTTPServer, tmp_path: Path, short_path: Path
) -> World:
    url = f"{server.url}/origin.git"
    return World(
        origin=origin,
        part=Origin.create(tmp_path / "part.git", {"part.yaml": "p: 1\n"}),
        leaf=Origin.create(tmp_path / "leaf.git", {"leaf.yaml": "l: 1\n"}),
        server=server,
        promotion=Promotion(
            git=gateway, workdir=short_path, url=url, credentials=FixedCredentials({url: BOT})
        ),
    )


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[GitHTTPServer]:
    """Another host, which lets nobody in and looks at what it is shown."""
    (tmp_path / "other").mkdir()
    with serving(tmp_path / "other", users={"somebody": "else"}) as running:
        yield running


def test_submodules_of_submodules_are_written_with_relative_urls(world: World) -> None:
    declare(world.part, "../leaf.git", part=world.leaf, path="inner")
    declare(world.origin, "../part.git", part=world.part)

    world.promotion.clone(recurseSubmodules=True)

    out = world.promotion.workdir / "out"
    assert (out / "vendor/part/part.yaml").read_text() == "p: 1\n"
    assert (out / "vendor/part/inner/leaf.yaml").read_text() == "l: 1\n"
    assert not list(out.rglob("*/.git"))


def test_a_submodule_comes_from_a_mirror_the_second_time(world: World) -> None:
    declare(world.origin, "../part.git", part=world.part)
    world.promotion.clone(recurseSubmodules=True)
    before = world.server.fetches

    world.promotion.clone(recurseSubmodules=True)

    assert world.server.fetches == before
    assert (world.promotion.workdir / "out/vendor/part/part.yaml").exists()


def test_without_asking_a_submodule_is_an_empty_folder(world: World) -> None:
    declare(world.origin, "../part.git", part=world.part)

    world.promotion.clone()

    assert list((world.promotion.workdir / "out/vendor/part").iterdir()) == []


def test_a_commit_that_no_branch_leads_to_is_found(world: World) -> None:
    declare(world.origin, "../part.git", part=world.part)
    other = git("commit-tree", "main^{tree}", "-m", "Unrelated", cwd=world.part.path)
    git("update-ref", "refs/heads/main", other, cwd=world.part.path)

    world.promotion.clone(recurseSubmodules=True)

    assert (world.promotion.workdir / "out/vendor/part/part.yaml").read_text() == "p: 1\n"


def test_later_steps_leave_submodules_alone(world: World) -> None:
    declare(world.origin, "../part.git", part=world.part)
    promotion = world.promotion
    promotion.clone(recurseSubmodules=True)

    assert promotion.commit().status is StepStatus.SKIPPED
    promotion.edit("edited\n", "vendor/part/part.yaml")
    promotion.edit("tag: v2\n")
    promotion.commit("Mine")
    world.origin.commit({"apps/a/x.yaml": "a: 9\n"}, "Theirs")
    promotion.push()

    assert world.origin.subjects()[:2] == ["Mine", "Theirs"]
    listed = git("ls-tree", "main", "vendor/part", cwd=world.origin.path)
    assert listed.startswith("160000 commit")


def test_a_work_tree_with_submodules_is_cleared(world: World) -> None:
    declare(world.origin, "../part.git", part=world.part)
    world.promotion.clone(recurseSubmodules=True)

    world.promotion.clear()

    assert [it.name for it in (world.promotion.workdir / "out").iterdir()] == [".git"]


def test_credentials_are_never_shown_to_another_host(
    world: World, elsewhere: GitHTTPServer
) -> None:
    declare(world.origin, f"{elsewhere.url}/part.git", part=world.part)

    with pytest.raises(StepError, match=r'Submodule "vendor/part": .*credentials'):
        world.promotion.clone(recurseSubmodules=True)

    assert elsewhere.requests["refused"] > 0
    assert set(elsewhere.requests) == {"refused"}
    assert not list(world.promotion.workdir.glob("repo-*"))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ext::sh -c touch% /tmp/owned", "not a repository URL|contains blanks"),
        ("ext::touch", "not a repository URL"),
        ("file:///etc", "local file system are not allowed"),
        ("/etc", "local file system are not allowed"),
        ("-u./payload", "not a repository URL"),
        ("--upload-pack=touch", "not a repository URL"),
        ("../../../../x.git", "leaves the host"),
        ("..", "names no repository"),
        ("http://-evil/x", "names no valid host"),
        ("ssh://-oProxyCommand=touch/x", "names no valid host"),
    ],
)
def test_a_hostile_url_ends_the_step(world: World, url: str, words: str) -> None:
    declare(world.origin, url, part=world.part)

    with pytest.raises(StepError, match=words) as caught:
        world.promotion.clone(recurseSubmodules=True)

    assert 'Submodule "vendor/part"' in caught.value.message
    assert caught.value.failed
    assert caught.value.terminal


def test_a_command_to_update_with_is_refused(world: World) -> None:
    declare(world.origin, "../part.git", part=world.part, extra="\tupdate = !touch /tmp/owned\n")

    with pytest.raises(StepError, match="asks for a command") as caught:
        world.promotion.clone(recurseSubmodules=True)

    assert caught.value.terminal


def test_a_submodule_that_asks_for_it_is_left_out(world: World) -> None:
    declare(world.origin, "../part.git", part=world.part, extra="\tupdate = none\n")

    world.promotion.clone(recurseSubmodules=True)

    assert list((world.promotion.workdir / "out/vendor/part").iterdir()) == []


def test_a_name_that_leads_out_is_refused(world: World) -> None:
    declare(world.origin, "../part.git", part=world.part)
    text = DECLARED.format(name="../../hooks", path="vendor/part", url="../part.git")
    world.origin.commit({".gitmodules": text}, "Evil")

    with pytest.raises(StepError, match="unsafe name"):
        world.promotion.clone(recurseSubmodules=True)


def test_declarations_behind_a_link_are_refused(world: World) -> None:
    declare(world.origin, "../part.git", part=world.part)
    modules = world.origin.bobs / ".gitmodules"
    modules.rename(world.origin.bobs / "real")
    modules.symlink_to("real")
    git("add", "real", ".gitmodules", cwd=world.origin.bobs)
    git("commit", "-q", "-m", "Evil", cwd=world.origin.bobs)
    git("push", "-q", "origin", "HEAD:refs/heads/main", cwd=world.origin.bobs)

    with pytest.raises(StepError, match=r"\.gitmodules"):
        world.promotion.clone(recurseSubmodules=True)


def test_a_submodule_that_is_not_declared_is_named(world: World) -> None:
    declare(world.origin, "../part.git", part=world.part)
    world.origin.commit({".gitmodules": ""}, "Forget")

    with pytest.raises(StepError, match="No url found for submodule path 'vendor/part'"):
        world.promotion.clone(recurseSubmodules=True)


def test_a_submodule_of_itself_ends(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submodules, "DEEPEST", 2)
    declare(world.origin, "../part.git", part=world.part)
    declare(world.part, "../part.git", part=world.part, path="again")
    declare(world.part, "../part.git", part=world.part, path="again")
    declare(world.part, "../part.git", part=world.part, path="again")
    declare(world.origin, "../part.git", part=world.part)

    with pytest.raises(StepError, match="nested more than 2 deep"):
        world.promotion.clone(recurseSubmodules=True)


def test_a_work_tree_with_submodules_is_not_kept(world: World) -> None:
    declare(world.origin, "../part.git", part=world.part)
    world.promotion.clone(recurseSubmodules=True)

    world.promotion.git.workspaces.release(workdir=str(world.promotion.workdir))

    cache = world.promotion.git.workspaces.runner.settings.cache_dir
    assert not list((cache / "trees").glob("idle/*/*"))


PARENT = Remote(
    "https://git.example.com/org/repo.git",
    credential=Credential(username="u", password="p"),
    insecure_skip_tls_verify=True,
    tenant_uid="t",
)


@pytest.mark.parametrize(
    ("parent", "url", "expected"),
    [
        ("https://h/org/repo.git", "../part.git", "https://h/org/part.git"),
        ("https://h/org/repo.git", "./part.git", "https://h/org/repo.git/part.git"),
        ("https://h/org/repo.git/", "../../x/part", "https://h/x/part"),
        ("ssh://git@h:2222/org/repo", "../part", "ssh://git@h:2222/org/part"),
        ("git@h:org/repo.git", "../part.git", "git@h:org/part.git"),
        ("https://h/org/repo.git", "https://h/other.git", "https://h/other.git"),
    ],
)
def test_urls_are_relative_to_the_repository_s(parent: str, url: str, expected: str) -> None:
    declared = Declared(name="n", path="p", url=url, update="")

    assert remote_of(declared, parent=Remote(parent), allow_local=False).url == expected


@pytest.mark.parametrize(
    ("url", "shared"),
    [
        ("https://git.example.com/other.git", True),
        ("https://GIT.example.com:443/other.git", True),
        ("../other.git", True),
        ("http://git.example.com/other.git", False),
        ("https://git.example.com:8443/other.git", False),
        ("https://git.example.com.evil.net/other.git", False),
        ("https://evil.net/git.example.com/other.git", False),
        ("https://git.example.com@evil.net/other.git", False),
        ("ssh://git.example.com/other.git", False),
    ],
)
def test_credentials_go_to_the_same_origin_only(url: str, *, shared: bool) -> None:
    declared = Declared(name="n", path="p", url=url, update="")

    found = remote_of(declared, parent=PARENT, allow_local=False)

    assert (found.credential is not None) is shared
    assert found.insecure_skip_tls_verify is shared
    assert found.tenant_uid == "t"


def test_a_submodule_is_local_only_if_its_repository_is() -> None:
    declared = Declared(name="n", path="p", url="/srv/part.git", update="")

    assert remote_of(declared, parent=Remote("/srv/r.git"), allow_local=True).url == "/srv/part.git"
    with pytest.raises(RefusedURLError):
        remote_of(declared, parent=PARENT, allow_local=True)


def test_declarations_are_read_whatever_is_in_their_names() -> None:
    listing = "submodule.a.b.path\nx/y\0submodule.a.b.url\n../u\0core.path\nz\0junk\0"

    assert declared_in(listing) == {"x/y": Declared(name="a.b", path="x/y", url="../u", update="")}
