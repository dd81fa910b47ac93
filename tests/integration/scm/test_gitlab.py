"""What is special to GitLab."""

import pytest

from common.errors import InvalidError
from promotions.ports.scm import (
    NewPullRequest,
    ScmAuthenticationError,
    ScmNotFoundError,
    ScmRefusedError,
)
from tests.fakes.scm_gitlab import GitLabFake
from tests.fakes.scm_server import Fault, Json, Reply
from tests.integration.scm.hosts import LABELLED, Host, conflict


def test_gitlab_gets_the_labels(gitlab: Host) -> None:
    gitlab.client().create(LABELLED)

    assert gitlab.repository.pulls[1].labels == ["kargo", "stage", "kargo"]


def test_gitlab_has_no_labels_with_commas(gitlab: Host) -> None:
    with pytest.raises(InvalidError, match="comma"):
        gitlab.client().create(NewPullRequest("T", "", "change", "main", labels=("a,b",)))

    assert gitlab.server.requests == []


def test_gitlab_says_which_merge_request_is_there_already(gitlab: Host) -> None:
    gitlab.client().create(LABELLED)

    with pytest.raises(ScmRefusedError, match="already exists for this source branch: !1"):
        gitlab.client().create(LABELLED)


def test_gitlabs_token_may_be_too_weak(gitlab: Host) -> None:
    assert isinstance(gitlab.fake, GitLabFake)
    gitlab.fake.scope = "read_api"

    with pytest.raises(ScmAuthenticationError, match="insufficient_scope"):
        gitlab.client().create(LABELLED)


def test_gitlab_hides_a_project_from_those_without_a_token(gitlab: Host) -> None:
    gitlab.repository.open("T", "", "change", "main")

    with pytest.raises(ScmNotFoundError, match="credential may not see it"):
        gitlab.client(token="").get(1)


@pytest.mark.parametrize("squash", [False, True])
def test_gitlab_makes_no_merge_commit_for_a_fast_forward(gitlab: Host, *, squash: bool) -> None:
    assert isinstance(gitlab.fake, GitLabFake)
    gitlab.fake.fast_forward, gitlab.fake.squash = True, squash
    gitlab.repository.open("T", "", "change", "main")

    merged = gitlab.client().merge(1)

    assert merged is not None
    assert merged.merge_commit == gitlab.repository.head("main")
    assert gitlab.client().get(1).merge_commit == gitlab.repository.head("main")


@pytest.mark.parametrize(
    ("method", "sent"), [("", {}), ("merge", {"squash": False}), ("squash", {"squash": True})]
)
def test_gitlab_squashes_or_not_or_as_the_project_does(
    gitlab: Host, method: str, sent: dict[str, bool]
) -> None:
    gitlab.repository.open("T", "", "change", "main")

    gitlab.client().merge(1, method=method)

    assert gitlab.server.sent("PUT")[0].body == sent


def test_gitlab_is_not_ready_while_it_checks_and_ready_afterwards(gitlab: Host) -> None:
    gitlab.repository.open("T", "", "change", "main")
    gitlab.repository.checking = 1

    assert gitlab.client().merge(1) is None
    assert gitlab.client().merge(1) is not None


def test_gitlab_is_not_ready_while_there_are_conflicts(gitlab: Host) -> None:
    conflict(gitlab.repository)

    assert gitlab.client().merge(1) is None


def test_gitlab_is_not_ready_while_it_is_merging(gitlab: Host) -> None:
    gitlab.repository.open("T", "", "change", "main")
    shown: Json = {"iid": 1, "state": "locked", "detailed_merge_status": "mergeable", "sha": "a"}
    gitlab.server.fail(Fault("GET", before=Reply(200, shown)))
    gitlab.server.fail(Fault("PUT", before=Reply(200, shown)))

    assert gitlab.client().merge(1) is None
