import pytest

from common.jsontypes import JSONObject
from tests.fakes.scm_server import Fault, Reply
from tests.unit.steps.github_steps import Steps, is_final

KIND = "gh-issue-delete-comment"


def test_a_comment_is_deleted_and_one_that_is_gone_is_no_error(github: Steps) -> None:
    github.run("gh-issue-add-comment", {"issueNumber": github.issue(), "body": "Started"})
    (comment,) = github.site.repository.comments

    for _ in range(2):
        assert github.run(KIND, {"commentID": comment}).output is None

    assert github.site.repository.comments == {}


@pytest.mark.parametrize(("status", "final"), [(403, True), (500, False)])
def test_refusals_are_final_and_failures_are_not(
    github: Steps, status: int, *, final: bool
) -> None:
    # A DELETE may be sent again, so the failure must last.
    github.site.server.fail(*[Fault("DELETE", "", before=Reply(status))] * 4)

    assert is_final(github.failure(KIND, {"commentID": 1})) is final


@pytest.mark.parametrize("config", [{}, {"commentID": "x"}, {"commentID": 1, "body": "x"}])
def test_the_schema_wants_the_comment_alone(github: Steps, config: JSONObject) -> None:
    assert not github.is_valid(KIND, config)


def test_a_preview_names_the_comment(github: Steps) -> None:
    assert github.would(KIND, {"commentID": 4}) == f"delete comment 4 in {github.site.url}"
