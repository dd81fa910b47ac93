from dataclasses import replace
from datetime import timedelta

import pytest

from common.errors import InvalidError, PlatformError
from common.jsontypes import JSONObject
from promotions.engine.runner import StepError, StepResult, StepStatus
from promotions.ports.credentials import Credential
from promotions.ports.scm import PullRequest, ScmUnavailableError
from promotions.steps.git_wait_for_pr import GitWaitForPR
from tests.fakes.git_ports import FixedCredentials
from tests.fakes.scm_port import ScriptedProviders, ScriptedPullRequests
from tests.unit.steps.git_context import context

URL = "https://gitlab.com/team/app.git"
OPEN = PullRequest(5, "https://host/pr/5", is_open=True, is_merged=False, merge_commit="test")
MERGED = replace(OPEN, is_open=False, is_merged=True, merge_commit="c0ffee")
CLOSED = replace(OPEN, is_open=False)


def run(providers: ScriptedProviders, config: JSONObject | None = None) -> StepResult:
    step = GitWaitForPR(FixedCredentials({URL: Credential("bot", "token")}), providers)
    return step.run(context({"repoURL": URL, "prNumber": 5, **(config or {})}))


def having(request: PullRequest) -> ScriptedProviders:
    return ScriptedProviders(ScriptedPullRequests({5: request}))


def shown(*, is_open: bool, merged: bool) -> JSONObject:
    return {"id": 5, "url": "https://host/pr/5", "open": is_open, "merged": merged}


def test_an_open_pull_request_is_waited_for() -> None:
    result = run(having(OPEN))

    assert result.status is StepStatus.RUNNING
    assert result.retry_after == timedelta(seconds=30)
    assert result.output == {"pr": shown(is_open=True, merged=False)}
    assert result.message == "waiting for pull request 5 to be merged"


def test_the_interval_is_configured() -> None:
    assert run(having(OPEN), {"pollInterval": "1h30m"}).retry_after == timedelta(minutes=90)


def test_an_interval_that_is_none_is_an_error() -> None:
    with pytest.raises(StepError, match="pollInterval") as caught:
        run(having(OPEN), {"pollInterval": "5sx"})

    assert caught.value.terminal


def test_what_is_merged_succeeds_with_its_commit() -> None:
    result = run(having(MERGED))

    assert result.status is StepStatus.SUCCEEDED
    assert result.output == {"pr": shown(is_open=False, merged=True), "commit": "c0ffee"}


def test_a_merge_whose_commit_the_provider_does_not_tell_has_none() -> None:
    assert run(having(replace(MERGED, merge_commit=""))).output == {
        "pr": shown(is_open=False, merged=True)
    }


def test_what_was_closed_by_hand_fails_for_good_and_still_puts_out() -> None:
    with pytest.raises(StepError, match=r"^pull request 5 was closed without being merged$") as it:
        run(having(CLOSED))

    assert (it.value.failed, it.value.terminal) == (True, True)
    assert it.value.output == {"pr": shown(is_open=False, merged=False)}


@pytest.mark.parametrize(
    "error", [ScmUnavailableError("timeout", retryable=True), InvalidError("odd")]
)
def test_a_provider_that_cannot_be_asked_is_an_ordinary_error(error: PlatformError) -> None:
    providers = ScriptedProviders(ScriptedPullRequests(errors={"get": error}))

    with pytest.raises(StepError, match=r"^error getting pull request 5: ") as caught:
        run(providers)

    assert (caught.value.failed, caught.value.terminal) == (False, False)


def test_a_provider_that_nobody_knows_is_an_error() -> None:
    providers = ScriptedProviders(ScriptedPullRequests(), error=InvalidError("no registered"))

    with pytest.raises(StepError, match=r"^error creating git provider service: no registered"):
        run(providers)


def test_a_pull_request_that_is_gone_is_an_ordinary_error() -> None:
    with pytest.raises(StepError, match="error getting pull request 5: not there") as caught:
        run(ScriptedProviders(ScriptedPullRequests()))

    assert not caught.value.terminal
