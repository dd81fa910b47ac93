import pytest

from common.jsontypes import JSONObject, as_list, as_object
from tests.fakes.scm_server import Fault, Reply
from tests.unit.steps.github_steps import Steps, is_final

KIND = "gh-search-issues"


def numbers(output: JSONObject) -> list[object]:
    return [as_object(it)["number"] for it in as_list(output["issues"])]


def test_one_issue_is_fetched_with_plain_names(github: Steps) -> None:
    number = github.issue(body="Body")
    github.run("gh-update-issue", {"issueNumber": number, "addLabels": ["a"], "assignees": ["bob"]})

    output = github.output(KIND, {"issueNumber": number})

    (issue,) = as_list(output["issues"])
    assert issue == {
        "number": number,
        "title": "An issue",
        "body": "Body",
        "state": "open",
        "labels": ["a"],
        "assignees": ["bob"],
        "url": f"{github.site.server.url}/Octo/Config/issues/{number}",
    }


def test_an_issue_without_a_text_has_an_empty_one(github: Steps) -> None:
    number = github.issue()
    github.site.repository.items[number]["body"] = None

    (issue,) = as_list(github.output(KIND, {"issueNumber": number})["issues"])

    assert as_object(issue)["body"] == ""


def test_a_query_is_asked_of_the_repository(github: Steps) -> None:
    closed, wanted = github.issue(), github.issue()
    github.run("gh-update-issue", {"issueNumber": closed, "state": "closed"})

    output = github.output(KIND, {"query": "is:open issue"})

    assert numbers(output) == [wanted]
    assert github.site.server.sent("GET", "/search")[0].param("q") == (
        "repo:octo/config is:open issue"
    )


def test_another_repository_is_never_looked_into(github: Steps) -> None:
    other = github.site.github.add("octo", "secrets", has_git=False)
    github.issue()
    number = max(github.site.repository.items)
    other.items[5] = {
        **github.site.repository.items[number],
        "number": 5,
        "repository_url": f"{github.site.server.url}/api/v3/repos/octo/secrets",
    }

    assert numbers(github.output(KIND, {"query": "repo:octo/secrets"})) == [number]


def test_at_most_thirty_are_put_out_and_new_ones_may_be_missing(github: Steps) -> None:
    number = github.issue()
    for copy in range(2, 40):
        github.site.repository.items[copy] = {
            **github.site.repository.items[number],
            "number": copy,
        }
    github.site.repository.unindexed = {1}

    found = numbers(github.output(KIND, {"query": "is:open"}))

    assert found == list(range(2, 32))


def test_nothing_found_is_no_error(github: Steps) -> None:
    assert github.output(KIND, {"query": "label:none"}) == {"issues": []}


@pytest.mark.parametrize("config", [{"issueNumber": 9}, {"query": " "}])
def test_what_github_refuses_is_final(github: Steps, config: JSONObject) -> None:
    if "query" in config:
        github.site.server.fail(Fault("GET", "/search", before=Reply(422, {"message": "No"})))

    assert is_final(github.failure(KIND, config))


@pytest.mark.parametrize(
    ("config", "is_valid"),
    [
        ({"issueNumber": 1}, True),
        ({"query": "x"}, True),
        ({}, False),
        ({"issueNumber": 1, "query": "x"}, False),
        ({"query": ""}, False),
        ({"issueNumber": 0}, False),
    ],
)
def test_the_schema_wants_one_of_two(github: Steps, config: JSONObject, *, is_valid: bool) -> None:
    assert github.is_valid(KIND, config) is is_valid
