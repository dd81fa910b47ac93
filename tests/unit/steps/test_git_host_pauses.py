"""A Git host that is left alone for a while makes a step wait, not fail."""

from datetime import timedelta

import pytest

from promotions.engine.runner import StepError, StepRunner, StepStatus
from promotions.ports.git import HostPausedError, HostUnreachableError
from promotions.steps.git_clone import GitClone
from promotions.steps.git_push import GitPush
from tests.fakes.git_ports import FixedCredentials, FixedIdentity, ListedRepositories
from tests.fakes.git_workspaces import ScriptedWorkspaces
from tests.unit.steps.git_context import context

CLONE = {"repoURL": "https://git.example.com/a.git", "checkout": [{"path": "out"}]}
HERE = context({})


def _steps(workspaces: ScriptedWorkspaces) -> list[tuple[StepRunner, dict[str, object]]]:
    credentials = FixedCredentials()
    clone = GitClone(workspaces, credentials, FixedIdentity(), ListedRepositories())
    return [(clone, dict(CLONE)), (GitPush(workspaces, credentials), {"path": "out"})]


@pytest.mark.parametrize("minutes", [-1, 0, 3])
def test_a_step_waits_until_its_host_may_be_asked_again(minutes: int) -> None:
    pause = timedelta(minutes=minutes)
    paused = HostPausedError("git.example.com is left alone", until=HERE.now + pause)

    for step, config in _steps(ScriptedWorkspaces(failure=paused)):
        result = step.run(context(config))  # type: ignore[arg-type] # the tests write JSON

        assert result.status == StepStatus.RUNNING
        assert result.message == "git.example.com is left alone"
        assert result.retry_after == max(pause, timedelta(0))


def test_a_host_that_fails_is_an_error_all_the_same() -> None:
    failing = HostUnreachableError("The Git host did not answer properly.")

    for step, config in _steps(ScriptedWorkspaces(failure=failing)):
        with pytest.raises(StepError, match="did not answer"):
            step.run(context(config))  # type: ignore[arg-type] # the tests write JSON
