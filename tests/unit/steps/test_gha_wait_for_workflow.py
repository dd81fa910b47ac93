from datetime import timedelta

import pytest

from common.jsontypes import JSONObject, JSONValue
from promotions.engine.runner import StepStatus
from tests.fakes.github_actions import start
from tests.fakes.scm_server import Fault, Reply
from tests.unit.steps.github_steps import Steps, is_final

KIND = "gha-wait-for-workflow"


def run_of(github: Steps, *, status: str = "completed", conclusion: str | None = None) -> int:
    run = start(github.site.repository, "deploy.yml", ref="main", actor="octo")
    github.site.repository.runs[run].update({"status": status, "conclusion": conclusion})
    return run


@pytest.mark.parametrize("status", ["queued", "in_progress", "waiting", "requested", "pending"])
def test_a_run_that_is_not_over_is_waited_for(github: Steps, status: str) -> None:
    run = run_of(github, status=status)

    result = github.run(KIND, {"runID": run, "pollInterval": "1m"})

    assert (result.status, result.retry_after) == (StepStatus.RUNNING, timedelta(minutes=1))
    assert github.run(KIND, {"runID": run}).retry_after is None


@pytest.mark.parametrize("expected", [None, "success"])
def test_a_run_that_ended_as_expected_is_a_success(github: Steps, expected: str | None) -> None:
    run = run_of(github, conclusion="success")
    more: dict[str, JSONValue] = {"expectedConclusion": expected} if expected else {}

    assert github.output(KIND, {"runID": run, **more}) == {"conclusion": "success"}


def test_without_an_expectation_any_end_will_do(github: Steps) -> None:
    assert github.output(KIND, {"runID": run_of(github, conclusion="failure")}) == {
        "conclusion": "failure"
    }


def test_another_end_than_expected_is_final(github: Steps) -> None:
    run = run_of(github, conclusion="failure")

    error = github.failure(KIND, {"runID": run, "expectedConclusion": "success"})

    assert error.message == f"workflow run {run} ended with failure, not success"
    assert error.output == {"conclusion": "failure"}
    assert is_final(error)


def test_a_failure_can_be_what_is_expected(github: Steps) -> None:
    run = run_of(github, conclusion="failure")

    output = github.output(KIND, {"runID": run, "expectedConclusion": "failure"})

    assert output == {"conclusion": "failure"}


def test_a_run_that_is_not_there_is_final_and_trouble_is_not(github: Steps) -> None:
    run = run_of(github)
    github.site.server.fail(*[Fault("GET", "/runs/", before=Reply(500))] * 4)

    assert not is_final(github.failure(KIND, {"runID": run}))
    assert is_final(github.failure(KIND, {"runID": 1}))


@pytest.mark.parametrize(
    ("config", "is_valid"),
    [
        ({"runID": 30_000_000_000}, True),
        ({}, False),
        ({"runID": "x"}, False),
        ({"runID": 0}, False),
        ({"runID": 1, "expectedConclusion": "done"}, False),
        ({"runID": 1, "pollInterval": "5"}, False),
        ({"runID": 1, "owner": "octo"}, False),
    ],
)
def test_the_schema_names_what_there_is(
    github: Steps, config: JSONObject, *, is_valid: bool
) -> None:
    assert github.is_valid(KIND, config) is is_valid
