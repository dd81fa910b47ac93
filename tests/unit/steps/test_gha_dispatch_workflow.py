from datetime import timedelta

import pytest

from common.jsontypes import JSONObject, JSONValue
from promotions.engine.runner import StepStatus
from promotions.ports.credentials import Credential
from tests.fakes.git_origin import Origin
from tests.fakes.git_ports import FixedCredentials
from tests.fakes.github import Caller
from tests.fakes.github_actions import add_workflow, start
from tests.fakes.scm_server import Fault, Reply
from tests.unit.steps.github_steps import Steps, is_final

KIND = "gha-dispatch-workflow"
DEPLOY: JSONObject = {"workflowFile": "deploy.yml", "ref": "main"}
APP_TOKEN = "ghs_0123456789abcdef"


@pytest.fixture
def steps(github: Steps) -> Steps:
    Origin.create(github.site.repository.origin.path)
    add_workflow(github.site.repository, "deploy.yml", inputs=["environment", "tag", "dry"])
    return github


def dispatched(steps: Steps, **config: JSONValue) -> JSONObject:
    """Invoke the step until it does not ask to be invoked again, with time going by."""
    for _ in range(20):
        result = steps.run(KIND, {**DEPLOY, **config})
        if result.status is not StepStatus.RUNNING:
            return result.output or {}
        assert result.retry_after == timedelta(seconds=10)
        steps.now += timedelta(seconds=10)
    raise AssertionError("it waits for ever")


def started(steps: Steps) -> list[int]:
    return list(steps.site.repository.runs)


def test_a_workflow_is_started_and_its_run_put_out(steps: Steps) -> None:
    output = dispatched(steps, inputs={"environment": "test", "tag": 1.5, "dry": True})

    assert output == {"runID": started(steps)[0]}
    (request,) = steps.site.server.sent("POST")
    assert request.body == {
        "ref": "main",
        "inputs": {"environment": "test", "tag": "1.5", "dry": "true"},
        "return_run_details": True,
    }


def test_a_full_ref_will_do(steps: Steps) -> None:
    assert dispatched(steps, ref="refs/heads/main") == {"runID": started(steps)[0]}


@pytest.mark.parametrize("lag", [0, 2])
def test_an_older_server_is_looked_at_until_the_run_appears(steps: Steps, lag: int) -> None:
    add_workflow(steps.site.repository, "deploy.yml", modern=False, lag=lag)
    start(steps.site.repository, "deploy.yml", ref="main", actor="octo")

    output = dispatched(steps)

    assert output == {"runID": started(steps)[-1]}
    assert len(started(steps)) == 2
    assert len(steps.site.server.sent("POST")) == 2


def test_runs_of_others_are_not_taken_for_ours(steps: Steps) -> None:
    add_workflow(steps.site.repository, "deploy.yml", modern=False, lag=1)
    steps.site.server.fail(
        Fault(
            "POST",
            "/dispatches",
            hold=lambda: add_others(steps),
        )
    )

    output = dispatched(steps)

    assert output == {"runID": started(steps)[-1]}


def add_others(steps: Steps) -> None:
    repository = steps.site.repository
    start(repository, "deploy.yml", ref="main", actor="somebody")
    start(repository, "deploy.yml", ref="elsewhere", actor="octo")
    start(repository, "other.yml", ref="main", actor="octo")


def test_a_run_that_never_appears_is_an_error_that_starts_nothing_more(steps: Steps) -> None:
    add_workflow(steps.site.repository, "deploy.yml", modern=False, lag=99)
    for _ in range(3):
        assert steps.run(KIND, {**DEPLOY, "timeout": 20}).status is StepStatus.RUNNING
        steps.now += timedelta(seconds=10)

    error = steps.failure(KIND, {**DEPLOY, "timeout": 20})

    assert "its run did not appear within 20 seconds" in error.message
    assert not is_final(error)
    steps.state["step-1"] = error.output or {}
    steps.site.repository.runs[started(steps)[0]]["lag"] = 0
    assert steps.output(KIND, DEPLOY) == {"runID": started(steps)[0]}
    assert len(started(steps)) == 1


@pytest.mark.parametrize("lag", [0, 3])
def test_an_answer_that_is_lost_starts_no_second_run(steps: Steps, lag: int) -> None:
    add_workflow(steps.site.repository, "deploy.yml", lag=lag)
    steps.site.server.fail(Fault("POST", "/dispatches", after=Reply(502)))
    assert not is_final(steps.failure(KIND, DEPLOY))

    assert dispatched(steps) == {"runID": started(steps)[0]}
    assert len(started(steps)) == 1


def test_of_runs_that_came_after_a_lost_answer_the_first_is_ours(steps: Steps) -> None:
    steps.site.server.fail(Fault("POST", "/dispatches", after=Reply(502)))
    steps.failure(KIND, DEPLOY)
    start(steps.site.repository, "deploy.yml", ref="main", actor="octo")

    assert dispatched(steps) == {"runID": started(steps)[0]}


def test_a_request_that_was_lost_is_sent_again_once_no_run_can_come_of_it(steps: Steps) -> None:
    steps.site.server.fail(Fault("POST", "/dispatches", before=Reply(502)))
    steps.failure(KIND, DEPLOY)
    begun = steps.now

    assert dispatched(steps) == {"runID": started(steps)[0]}
    assert len(started(steps)) == 1
    assert steps.now - begun > timedelta(seconds=60)


def test_a_run_that_another_promotion_started_is_not_taken_for_ours(steps: Steps) -> None:
    start(steps.site.repository, "deploy.yml", ref="main", actor="octo", lag=1)

    assert dispatched(steps) == {"runID": started(steps)[1]}
    assert len(started(steps)) == 2


def test_a_replay_puts_out_the_same_run(steps: Steps) -> None:
    first = dispatched(steps)

    assert dispatched(steps) == first
    assert len(started(steps)) == 1


@pytest.mark.parametrize("modern", [True, False])
def test_an_app_that_cannot_tell_who_it_is_finds_its_run(steps: Steps, *, modern: bool) -> None:
    steps.site.github.tokens[APP_TOKEN] = Caller("kargo[bot]", is_app=True)
    steps.credentials = FixedCredentials({steps.site.url: Credential("kargo", APP_TOKEN)})
    add_workflow(steps.site.repository, "deploy.yml", modern=modern)
    steps.site.server.fail(
        Fault(
            "POST",
            "/dispatches",
            hold=lambda: void(
                start(steps.site.repository, "deploy.yml", ref="main", actor="somebody")
            ),
        )
    )

    output = dispatched(steps)

    run = output["runID"]
    assert isinstance(run, int)
    assert steps.site.repository.runs[run]["actor"] == {"login": "kargo[bot]", "type": "Bot"}


def void(_value: int) -> None:
    """Do nothing with the number of a run."""


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"workflowFile": "absent.yml"}, "404"),
        ({"ref": "absent"}, "No ref found for: absent"),
        ({"inputs": {"colour": "red"}}, "Unexpected inputs provided"),
        ({"inputs": {f"i{number}": "" for number in range(26)}}, "25"),
    ],
)
def test_what_github_refuses_is_final(steps: Steps, config: JSONObject, words: str) -> None:
    asked = {**DEPLOY, **config}

    error = steps.failure(KIND, asked)

    assert words in error.message
    assert is_final(error)
    assert started(steps) == []


@pytest.mark.parametrize(
    ("config", "is_valid"),
    [
        ({}, True),
        ({"timeout": 300}, True),
        ({"timeout": 301}, False),
        ({"timeout": 0}, False),
        ({"inputs": []}, False),
        ({"ref": ""}, False),
        ({"workflowFile": ""}, False),
        ({"owner": "octo", "repo": "config"}, False),
        ({"credentials": {"secretName": "x"}}, False),
    ],
)
def test_the_schema_refuses_the_form_before_1_9(
    github: Steps, config: JSONObject, *, is_valid: bool
) -> None:
    assert github.is_valid(KIND, {**DEPLOY, **config}) is is_valid


def test_a_preview_names_the_workflow(github: Steps) -> None:
    assert github.would(KIND, DEPLOY) == f"start deploy.yml on main in {github.site.url}"
