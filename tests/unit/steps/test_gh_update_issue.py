import pytest

from common.jsontypes import JSONObject, as_list, as_object
from promotions.steps.gh_update_issue import labels_after
from tests.fakes.scm_server import Fault, Reply
from tests.unit.steps.github_steps import Steps, is_final

KIND = "gh-update-issue"


def labels(github: Steps, number: int) -> list[object]:
    return [as_object(it)["name"] for it in as_list(github.site.repository.items[number]["labels"])]


@pytest.mark.parametrize(
    ("current", "add", "remove", "after"),
    [
        ("a b", "c", "a", "b c"),
        ("a b", "a", "a", "a b"),
        ("a b", "c", "*", "c"),
        ("a b", "", "* a", ""),
        ("a b", "b a", "", "a b"),
        ("a", "b b", "x", "a b"),
        ("Bug", "bug", "", "Bug"),
        ("Bug x", "", "bug", "x"),
        ("", "", "", ""),
    ],
)
def test_labels_are_removed_then_added(current: str, add: str, remove: str, after: str) -> None:
    found = labels_after(current.split(), add=add.split(), remove=remove.split())

    assert sorted(found) == after.split()


def test_everything_can_be_changed_at_once(github: Steps) -> None:
    number = github.issue()
    github.site.repository.items[number]["labels"] = [{"name": "env-test"}, {"name": "keep"}]

    result = github.run(
        KIND,
        {
            "issueNumber": number,
            "title": "New",
            "body": "",
            "state": "closed",
            "addLabels": ["released"],
            "removeLabels": ["env-test"],
            "assignees": ["bob"],
        },
    )

    item = github.site.repository.items[number]
    assert result.output is None
    assert (item["title"], item["body"], item["state"]) == ("New", "", "closed")
    assert labels(github, number) == ["keep", "released"]
    assert item["assignees"] == [{"login": "bob"}]


def test_what_is_not_named_stays(github: Steps) -> None:
    number = github.issue(body="Body")
    before = dict(github.site.repository.items[number])

    github.run(KIND, {"issueNumber": number, "state": "closed"})

    assert github.site.repository.items[number] == {**before, "state": "closed"}
    assert github.site.server.sent("PATCH")[0].body == {"state": "closed"}


def test_assignees_are_replaced_cleared_and_cut(github: Steps) -> None:
    number = github.issue()
    many = [f"user{index}" for index in range(12)]
    github.run(KIND, {"issueNumber": number, "assignees": many})
    assert len(as_list(github.site.repository.items[number]["assignees"])) == 10

    github.run(KIND, {"issueNumber": number, "assignees": []})

    assert github.site.repository.items[number]["assignees"] == []


def test_a_second_time_changes_nothing(github: Steps) -> None:
    number = github.issue()
    config: JSONObject = {"issueNumber": number, "addLabels": ["a"], "removeLabels": ["b"]}
    github.run(KIND, config)
    after = dict(github.site.repository.items[number])

    github.run(KIND, config)

    assert github.site.repository.items[number] == after
    assert len(github.site.server.sent("PATCH")) == 1


@pytest.mark.parametrize(("status", "final"), [(404, True), (422, True), (410, True), (503, False)])
def test_refusals_are_final_and_failures_are_not(
    github: Steps, status: int, *, final: bool
) -> None:
    number = github.issue()
    github.site.server.fail(Fault("PATCH", "", before=Reply(status, {"message": "No"})))

    error = github.failure(KIND, {"issueNumber": number, "title": "T"})

    assert is_final(error) is final


def test_an_issue_that_is_not_there_is_final(github: Steps) -> None:
    assert is_final(github.failure(KIND, {"issueNumber": 9, "title": "T"}))


@pytest.mark.parametrize(
    ("config", "is_valid"),
    [
        ({}, False),
        ({"addLabels": []}, True),
        ({"assignees": []}, True),
        ({"body": ""}, True),
        ({"state": "merged"}, False),
        ({"title": ""}, False),
        ({"issueNumber": 0, "title": "T"}, False),
        ({"issueNumber": "one", "title": "T"}, False),
        ({"labels": ["a"]}, False),
    ],
)
def test_the_schema_wants_one_change_at_least(
    github: Steps, config: JSONObject, *, is_valid: bool
) -> None:
    assert github.is_valid(KIND, {"issueNumber": 1, **config}) is is_valid


def test_a_preview_names_the_issue(github: Steps) -> None:
    words = github.would(KIND, {"issueNumber": 4})

    assert words == f"update issue 4 of {github.site.url}"
