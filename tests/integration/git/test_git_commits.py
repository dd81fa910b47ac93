import pytest

from promotions.gateways.git.gateway import GitGateway
from promotions.ports.git import RefNotFoundError, RefusedRefError, Remote
from tests.fakes.git_http_server import GitHTTPServer
from tests.fakes.git_origin import Origin, git

ABSENT = "1" * 40


def test_a_commits_whole_message_is_read_without_another_fetch(
    gateway: GitGateway, origin: Origin, remote: Remote, server: GitHTTPServer
) -> None:
    first = origin.branch("main")
    second = origin.commit({"x": "1"}, "Two\n\nBody: with a trailer")
    next(gateway.repositories.walk(remote))
    fetches = server.fetches

    messages = [gateway.repositories.commit_message(remote, it) for it in (first, second)]

    assert messages == ["Start", "Two\n\nBody: with a trailer"]
    assert server.fetches == fetches


def test_a_commit_that_is_not_here_is_fetched(gateway: GitGateway, origin: Origin) -> None:
    remote = Remote(origin.url)
    next(gateway.repositories.walk(remote))
    pushed = origin.commit({"x": "1"}, "Later")
    hidden = git("commit-tree", "-p", pushed, "-m", "Led to by nothing", f"{pushed}^{{tree}}",
                 cwd=origin.path)  # fmt: skip

    assert gateway.repositories.commit_message(remote, pushed) == "Later"
    assert gateway.repositories.commit_message(remote, hidden) == "Led to by nothing"
    with pytest.raises(RefNotFoundError):
        gateway.repositories.commit_message(remote, ABSENT)
    with pytest.raises(RefusedRefError):
        gateway.repositories.commit_message(remote, "main")


def test_commits_with_the_same_files_are_told_from_others(
    gateway: GitGateway, origin: Origin
) -> None:
    remote = Remote(origin.url)
    start = origin.branch("main")
    changed = origin.commit({"values.yaml": "tag: v2\n"}, "Change")
    back = origin.commit({"values.yaml": "tag: v1\n"}, "Back")

    assert gateway.repositories.same_content(remote, start, back)
    assert gateway.repositories.same_content(remote, changed, changed)
    assert not gateway.repositories.same_content(remote, start, changed)
    with pytest.raises(RefNotFoundError):
        gateway.repositories.same_content(remote, start, ABSENT)
