import pytest

from common.jsontypes import JSONObject
from tests.fakes.scm_server import Fault, Reply
from tests.unit.steps.github_steps import Steps, is_final

KIND = "gh-issue-update-comment"


@pytest.fixture
def comment(github: Steps) -> int:
    github.run("gh-issue-add-comment", {"issueNumber": github.issue(), "body": "Started"})
    github.state.clear()
    return max(github.site.repository.comments)


def test_the_text_is_replaced_however_often(github: Steps, comment: int) -> None:
    first = github.output(KIND, {"commentID": comment, "body": "Done"})

    assert github.output(KIND, {"commentID": comment, "body": "Done"}) == first
    assert first["commentID"] == comment
    assert str(first["url"]).endswith(f"#issuecomment-{comment}")
    assert github.site.repository.comments[comment]["body"] == "Done"


def test_a_comment_that_is_gone_is_final(github: Steps) -> None:
    assert is_final(github.failure(KIND, {"commentID": 5, "body": "Done"}))


def test_a_failure_may_pass(github: Steps, comment: int) -> None:
    github.site.server.fail(Fault("PATCH", "", before=Reply(502)))

    assert not is_final(github.failure(KIND, {"commentID": comment, "body": "Done"}))


@pytest.mark.parametrize(
    "config", [{}, {"commentID": 1}, {"body": "x"}, {"commentID": 0, "body": "x"}]
)
def test_the_schema_wants_both(github: Steps, config: JSONObject) -> None:
    assert not github.is_valid(KIND, config)


def test_a_preview_names_the_comment(github: Steps) -> None:
    assert github.would(KIND, {"commentID": 4}) == f"replace comment 4 in {github.site.url}"
