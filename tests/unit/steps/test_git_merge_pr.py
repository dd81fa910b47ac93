from dataclasses import replace
from datetime import timedelta

import pytest

from common.errors import InvalidError, PlatformError
from common.jsontypes import JSONObject
from promotions.engine.runner import StepError, StepResult, StepStatus
from promotions.ports.credentials import Credential
from promotions.ports.scm import (
    PullRequest,
    ScmAuthenticationError,
    ScmLimitError,
    ScmNotFoundError,
    ScmRefusedError,
    ScmUnavailableError,
)
from promotions.steps.git_merge_pr import GitMergePR
from tests.fakes.git_ports import FixedCredentials
from tests.fakes.scm_port import ScriptedProviders, ScriptedPullRequests
from tests.unit.steps.git_context import context

URL = "https://gitlab.com/team/app.git"
OPEN = PullRequest(5, "https://host/pr/5", is_open=True, is_merged=False, merge_commit="c0ffee")


def run(pulls: ScriptedPullRequests, config: JSONObject | None = None) -> StepResult:
    step = GitMergePR(FixedCredentials({URL: Credential("bot", "t")}), ScriptedProviders(pulls))
    return step.run(context({"repoURL": URL, "prNumber": 5, **(config or {})}))


def test_a_pull_request_is_merged() -> None:
    pulls = ScriptedPullRequests({5: OPEN})

    result = run(pulls, {"mergeMethod": "squash"})

    assert (result.status, result.output) == (StepStatus.SUCCEEDED, {"commit": "c0ffee"})
    assert pulls.methods == ["squash"]


def test_the_commit_may_be_empty() -> None:
    assert run(ScriptedPullRequests({5: replace(OPEN, merge_commit="")})).output == {"commit": ""}


def test_what_is_merged_already_is_a_success() -> None:
    pulls = ScriptedPullRequests({5: OPEN})

    first, second = run(pulls), run(pulls)

    assert first.output == second.output == {"commit": "c0ffee"}


def test_what_is_not_ready_fails_for_good_unless_waited_for() -> None:
    with pytest.raises(
        StepError, match=r"^pull request 5 is not ready to merge and wait is disabled$"
    ) as caught:
        run(ScriptedPullRequests({5: OPEN}, is_ready=False))

    assert (caught.value.failed, caught.value.terminal) == (True, True)


@pytest.mark.parametrize(
    ("config", "interval"),
    [({}, timedelta(seconds=10)), ({"pollInterval": "45s"}, timedelta(seconds=45))],
)
def test_what_is_not_ready_can_be_waited_for(config: JSONObject, interval: timedelta) -> None:
    result = run(ScriptedPullRequests({5: OPEN}, is_ready=False), {"wait": True, **config})

    assert result.status is StepStatus.RUNNING
    assert result.retry_after == interval
    assert result.message == "pull request 5 is not ready to merge"


@pytest.mark.parametrize(
    "error",
    [
        ScmUnavailableError("bad gateway", retryable=True, status=502),
        ScmUnavailableError("timeout", retryable=True),
        ScmLimitError("slow down", retryable=True, status=429),
    ],
)
def test_trouble_that_may_pass_is_an_ordinary_error(error: PlatformError) -> None:
    with pytest.raises(StepError, match=r"^error merging pull request 5: ") as caught:
        run(ScriptedPullRequests(errors={"merge": error}), {"wait": True})

    assert (caught.value.failed, caught.value.terminal) == (False, False)


@pytest.mark.parametrize(
    "error",
    [
        ScmRefusedError("pull request 5 is closed but not merged", retryable=False),
        ScmAuthenticationError("no", retryable=False),
        ScmNotFoundError("no", retryable=False),
        ScmUnavailableError("not allowed", retryable=False, code="egress_refused"),
        InvalidError('unsupported merge method "x"'),
    ],
)
def test_a_refusal_fails_for_good(error: PlatformError) -> None:
    with pytest.raises(StepError) as caught:
        run(ScriptedPullRequests(errors={"merge": error}), {"wait": True})

    assert caught.value.message == f"error merging pull request 5: {error.message}"
    assert (caught.value.failed, caught.value.terminal) == (True, True)


def test_a_provider_that_nobody_knows_is_an_ordinary_error() -> None:
    providers = ScriptedProviders(ScriptedPullRequests(), error=InvalidError("no registered"))
    step = GitMergePR(FixedCredentials(), providers)

    with pytest.raises(StepError, match=r"^error creating git provider service: ") as caught:
        step.run(context({"repoURL": URL, "prNumber": 5}))

    assert (caught.value.failed, caught.value.terminal) == (False, False)


def test_the_preview_names_the_pull_request() -> None:
    step = GitMergePR(FixedCredentials(), ScriptedProviders(ScriptedPullRequests()))

    words = step.would(context({"repoURL": URL, "prNumber": 5}))

    assert words == f"merge pull request 5 of {URL}"
