from datetime import timedelta

import pytest

from common.jsontypes import JSONObject, JSONValue
from promotions.engine.runner import StepStatus
from tests.fakes.scm_server import Fault, Reply
from tests.unit.steps.github_steps import Steps, is_final

KIND = "gh-wait-for-issue-state"
APPROVED = '"approved" in issue.labels'


def labelled(github: Steps, *labels: str, state: str = "open") -> int:
    number = github.issue()
    item = github.site.repository.items[number]
    item["labels"] = [{"name": name} for name in labels]
    item["state"] = state
    return number


def waited(github: Steps, number: int, **config: JSONValue) -> StepStatus:
    return github.run(KIND, {"issueNumber": number, **config}).status


@pytest.mark.parametrize(
    ("expression", "status"),
    [
        (APPROVED, StepStatus.SUCCEEDED),
        ('issue.state == "closed"', StepStatus.RUNNING),
        ('issue.state == "closed" and "approved" in issue.labels', StepStatus.RUNNING),
        ('any(issue.labels, {# in ["approved", "lgtm"]})', StepStatus.SUCCEEDED),
        ("issue.number == 1 && len(issue.assignees) == 0", StepStatus.SUCCEEDED),
        ('issue.title startsWith "An" and issue.url contains "/issues/"', StepStatus.SUCCEEDED),
    ],
)
def test_the_wait_is_over_when_the_expression_says_so(
    github: Steps, expression: str, status: StepStatus
) -> None:
    number = labelled(github, "approved")

    assert waited(github, number, successExpression=expression) is status


def test_failure_counts_before_success(github: Steps) -> None:
    number = labelled(github, "approved", "rejected")

    error = github.failure(
        KIND,
        {
            "issueNumber": number,
            "successExpression": APPROVED,
            "failureExpression": '"rejected" in issue.labels',
        },
    )

    assert error.message == "issue 1 met failure criteria"
    assert is_final(error)


@pytest.mark.parametrize(
    ("labels", "state", "config", "status"),
    [
        ("approved", "open", {"label": "approved"}, StepStatus.SUCCEEDED),
        ("Approved", "open", {"label": "approved"}, StepStatus.SUCCEEDED),
        ("", "open", {"label": "approved"}, StepStatus.RUNNING),
        ("", "closed", {"state": "closed"}, StepStatus.SUCCEEDED),
        ("", "closed", {"state": "closed", "label": "approved"}, StepStatus.RUNNING),
        ("approved", "closed", {"state": "closed", "label": "approved"}, StepStatus.SUCCEEDED),
        ("x", "open", {"label": "x", "successExpression": "false"}, StepStatus.RUNNING),
    ],
)
def test_the_older_form_is_understood(
    github: Steps, labels: str, state: str, config: dict[str, JSONValue], status: StepStatus
) -> None:
    number = labelled(github, *labels.split(), state=state)

    assert waited(github, number, **config) is status


@pytest.mark.parametrize(
    ("interval", "pause"),
    [("2m", timedelta(minutes=2)), ("1h30m", timedelta(minutes=90)), (None, None)],
)
def test_it_looks_again_after_the_interval_or_the_engine_s_own(
    github: Steps, interval: str | None, pause: timedelta | None
) -> None:
    number = labelled(github)
    more: JSONObject = {"pollInterval": interval} if interval else {}

    result = github.run(KIND, {"issueNumber": number, "successExpression": "false", **more})

    assert result.status is StepStatus.RUNNING
    assert result.retry_after == pause


@pytest.mark.parametrize(
    ("config", "words", "final"),
    [
        ({"successExpression": "issue.("}, "config.successExpression", True),
        ({"successExpression": "true", "failureExpression": "1 +"}, "config.failure", True),
        ({"successExpression": "issue.number"}, "not true or false", False),
        ({"successExpression": "secret('x')"}, "secret", False),
        ({"successExpression": "issue.nothing.more"}, "config.successExpression", False),
    ],
)
def test_an_expression_that_is_wrong_is_an_error(
    github: Steps, config: JSONObject, words: str, *, final: bool
) -> None:
    number = labelled(github)

    error = github.failure(KIND, {"issueNumber": number, **config})

    assert words in error.message
    assert is_final(error) is final


def test_trouble_with_github_may_pass_and_a_missing_issue_does_not(github: Steps) -> None:
    number = labelled(github)
    github.site.server.fail(*[Fault("GET", "/issues/", before=Reply(503))] * 4)

    assert not is_final(github.failure(KIND, {"issueNumber": number, "label": "x"}))
    assert is_final(github.failure(KIND, {"issueNumber": 77, "label": "x"}))


@pytest.mark.parametrize(
    ("config", "is_valid"),
    [
        ({}, False),
        ({"successExpression": ""}, False),
        ({"failureExpression": "true"}, False),
        ({"state": "merged"}, False),
        ({"successExpression": "true", "failureExpression": ""}, True),
        ({"label": "approved", "pollInterval": "30s"}, True),
        ({"label": "approved", "pollInterval": "soon"}, False),
    ],
)
def test_the_schema_wants_something_to_wait_for(
    github: Steps, config: JSONObject, *, is_valid: bool
) -> None:
    assert github.is_valid(KIND, {"issueNumber": 1, **config}) is is_valid
