"""What is special to Gitea and Forgejo."""

import pytest

from common.errors import InvalidError
from promotions.ports.scm import (
    NewPullRequest,
    PullRequestFilter,
    PullRequestQuery,
    ScmRefusedError,
)
from tests.fakes.scm_gitea import GiteaFake
from tests.fakes.scm_server import Fault, Reply
from tests.integration.scm.hosts import LABELLED, Host, conflict


def test_gitea_gets_each_labels_id_once(gitea: Host) -> None:
    assert isinstance(gitea.fake, GiteaFake)
    gitea.fake.labels = {f"l{number}": number for number in range(100)} | {"kargo": 7, "stage": 9}

    gitea.client().create(LABELLED)

    assert gitea.server.sent("POST")[0].body["labels"] == [7, 9]
    assert len(gitea.server.sent("GET", "/labels")) == 3


def test_gitea_is_told_which_labels_are_missing_each_once(gitea: Host) -> None:
    assert isinstance(gitea.fake, GiteaFake)
    gitea.fake.labels = {"stage": 1}
    wanted = NewPullRequest("T", "", "change", "main", labels=("x", "y", "x", "stage"))

    with pytest.raises(InvalidError, match=r"labels not found in the repository: x, y$"):
        gitea.client().create(wanted)

    assert gitea.repository.pulls == {}


def test_gitea_merges_by_a_merge_commit_unless_told(gitea: Host) -> None:
    gitea.repository.open("T", "", "change", "main")

    gitea.client().merge(1)

    assert gitea.server.sent("POST")[0].body == {"Do": "merge"}


@pytest.mark.parametrize("method", ["fast-forward-only", "rebase", "rebase-merge", "squash"])
def test_gitea_is_told_how_to_merge(gitea: Host, method: str) -> None:
    gitea.repository.open("T", "", "change", "main")

    merged = gitea.client().merge(1, method=method)

    assert gitea.server.sent("POST")[0].body == {"Do": method}
    assert merged is not None
    assert merged.merge_commit == gitea.repository.head("main")


def test_gitea_is_not_ready_while_there_are_conflicts(gitea: Host) -> None:
    conflict(gitea.repository)

    assert gitea.client().merge(1) is None


def test_gitea_is_not_ready_if_it_says_to_try_again(gitea: Host) -> None:
    gitea.repository.open("T", "", "change", "main")
    gitea.server.fail(Fault("POST", before=Reply(405, {"message": "Please try again later"})))

    assert gitea.client().merge(1) is None


def test_gitea_says_which_way_of_merging_is_not_allowed(gitea: Host) -> None:
    assert isinstance(gitea.fake, GiteaFake)
    gitea.fake.styles = ("merge",)
    gitea.repository.open("T", "", "change", "main")

    with pytest.raises(ScmRefusedError, match="rebase is not allowed"):
        gitea.client().merge(1, method="rebase")


def test_gitea_that_says_yes_and_does_nothing_is_an_error(gitea: Host) -> None:
    gitea.repository.open("T", "", "change", "main")
    gitea.server.fail(Fault("POST", before=Reply(200)))

    with pytest.raises(ScmRefusedError, match="pull request 1 was not merged"):
        gitea.client().merge(1)


def test_gitea_finds_what_was_merged_though_its_branch_is_deleted(gitea: Host) -> None:
    head = gitea.repository.head("change")
    gitea.repository.merge(gitea.repository.open("T", "", "change", "main"))
    gitea.repository.delete("change")
    query = PullRequestQuery(PullRequestFilter.ANY, "change", "main", head)

    assert [it.number for it in gitea.client().find(query)] == [1]
