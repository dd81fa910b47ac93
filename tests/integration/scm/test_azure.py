"""What is special to Azure DevOps."""

import pytest

from common.errors import InvalidError
from promotions.gateways.scm.providers import HostedProviders
from promotions.ports.scm import (
    RepositoryAccess,
    ScmAuthenticationError,
    ScmRefusedError,
)
from tests.fakes.scm_server import Fault, Json, Reply
from tests.integration.scm.hosts import LABELLED, POLICY, Host, conflict


def test_azure_gets_whole_ref_names_and_labels(azure: Host) -> None:
    azure.client().create(LABELLED)

    sent = azure.server.sent("POST")[0].body
    assert (sent["sourceRefName"], sent["targetRefName"]) == (
        "refs/heads/change",
        "refs/heads/main",
    )
    assert azure.repository.pulls[1].labels == ["kargo", "stage", "kargo"]


def test_azure_needs_a_token() -> None:
    access = RepositoryAccess("https://dev.azure.com/o/p/_git/r")

    with pytest.raises(InvalidError, match="token is required for Azure DevOps provider"):
        HostedProviders(POLICY).pull_requests(access)


def test_azure_completes_in_the_background(azure: Host) -> None:
    azure.repository.open("T", "", "change", "main")
    azure.repository.background = 4

    merged = azure.client().merge(1)

    assert merged is not None
    assert merged.merge_commit == azure.repository.head("main")
    assert azure.pauses == [1, 1, 1]


def test_azure_is_not_ready_if_completing_takes_too_long_and_done_the_next_time(
    azure: Host,
) -> None:
    azure.repository.open("T", "", "change", "main")
    azure.repository.background = 11

    assert azure.client().merge(1) is None
    assert azure.pauses == [1] * 9
    assert azure.client().merge(1) is not None
    assert len(azure.server.sent("PATCH")) == 1


def test_azure_is_not_ready_while_it_is_deciding_or_finds_conflicts(azure: Host) -> None:
    azure.repository.checking = 1
    azure.repository.open("T", "", "change", "main")

    assert azure.client().merge(1) is None

    conflict(azure.repository)
    assert azure.client().merge(2) is None


def test_azure_sends_the_head_that_was_looked_at_and_the_strategy(azure: Host) -> None:
    head = azure.repository.open("T", "", "change", "main").head

    azure.client().merge(1, method="squash")

    assert azure.server.sent("PATCH")[0].body == {
        "status": "completed",
        "lastMergeSourceCommit": {"commitId": head},
        "completionOptions": {"mergeStrategy": "squash"},
    }


def test_azure_without_a_last_commit_is_an_error(azure: Host) -> None:
    azure.server.fail(Fault(before=Reply(200, {"pullRequestId": 1, "status": "active"})))

    with pytest.raises(ScmRefusedError, match="no last merge source commit found"):
        azure.client().merge(1)


@pytest.mark.parametrize("target", ["https://login.example.com/_signin", "/_signin"])
def test_azure_that_wants_to_sign_in_has_refused_the_token(azure: Host, target: str) -> None:
    sign_in = Reply(203, raw=b"<html>", headers=(("Content-Type", "text/html"),))
    moved = Reply(302, None, (("Location", target),))
    azure.server.fail(Fault(path="/pullrequests/", before=moved))
    azure.server.fail(Fault(path="/_signin", before=sign_in))

    with pytest.raises(ScmAuthenticationError, match="token is valid"):
        azure.client().get(1)


@pytest.mark.parametrize("status", ["notSet", "unheard-of"])
def test_azure_in_another_state_is_not_ready(azure: Host, status: str) -> None:
    shown: Json = {"pullRequestId": 1, "status": status, "lastMergeSourceCommit": {"commitId": "a"}}
    azure.server.fail(Fault(before=Reply(200, shown)))

    assert azure.client().merge(1) is None
