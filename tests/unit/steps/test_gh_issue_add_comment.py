import pytest

from common.jsontypes import JSONObject
from tests.fakes.scm_server import Fault, Reply
from tests.unit.steps.github_steps import Steps, is_final

KIND = "gh-issue-add-comment"
MARK = "<!-- test.01/step-1 -->"


def bodies(github: Steps) -> list[object]:
    return [it["body"] for it in github.site.repository.comments.values()]


def test_a_comment_is_made_with_a_mark_that_nobody_sees(github: Steps) -> None:
    number = github.issue()

    output = github.output(KIND, {"issueNumber": number, "body": "Started"})

    url = f"{github.site.server.url}/Octo/Config/issues/{number}#issuecomment-1000"
    assert output == {"commentID": 1000, "url": url}
    assert bodies(github) == [f"Started\n\n{MARK}"]


@pytest.mark.parametrize("keeps_state", [True, False])
def test_a_replay_finds_its_comment(github: Steps, *, keeps_state: bool) -> None:
    number = github.issue()
    first = github.output(KIND, {"issueNumber": number, "body": "Started"})
    if not keeps_state:
        github.state.clear()

    assert github.output(KIND, {"issueNumber": number, "body": "Started"}) == first
    assert len(bodies(github)) == 1


def test_an_answer_that_is_lost_makes_no_second_comment(github: Steps) -> None:
    number = github.issue()
    github.site.server.fail(Fault("POST", "/comments", after=Reply(500)))
    assert not is_final(github.failure(KIND, {"issueNumber": number, "body": "Started"}))

    github.run(KIND, {"issueNumber": number, "body": "Started"})

    assert len(bodies(github)) == 1


def test_its_comment_is_found_on_the_last_page(github: Steps) -> None:
    number = github.issue()
    for index in range(150):
        comment: dict[str, object] = {"id": index, "issue": number, "body": "x", "html_url": ""}
        github.site.repository.comments[index] = comment  # type: ignore[assignment] # it is JSON
    first = github.output(KIND, {"issueNumber": number, "body": "Started"})
    github.state.clear()

    assert github.output(KIND, {"issueNumber": number, "body": "Started"}) == first


def test_a_comment_of_the_same_words_on_another_issue_is_another(github: Steps) -> None:
    one, other = github.issue(), github.issue()
    first = github.output(KIND, {"issueNumber": one, "body": "Started"})
    github.state.clear()

    assert github.output(KIND, {"issueNumber": other, "body": "Started"}) != first


@pytest.mark.parametrize(("number", "body"), [(99, "x"), (1, "x" * 65_536)])
def test_what_github_refuses_is_final(github: Steps, number: int, body: str) -> None:
    github.issue()

    assert is_final(github.failure(KIND, {"issueNumber": number, "body": body}))


@pytest.mark.parametrize(
    "config", [{}, {"issueNumber": 1}, {"body": "x"}, {"issueNumber": 1, "body": ""}]
)
def test_the_schema_wants_both(github: Steps, config: JSONObject) -> None:
    assert not github.is_valid(KIND, config)


def test_a_preview_names_the_issue(github: Steps) -> None:
    assert github.would(KIND, {"issueNumber": 4}) == f"comment on 4 of {github.site.url}"
