import pytest

from common.errors import UpstreamError
from common.jsontypes import JSONObject, as_list, as_object, as_text
from tests.fakes.scm_server import Fault, Reply
from tests.unit.steps.github_steps import Steps, is_final

KIND = "gh-create-issue"
MARK = "<!-- test.01/step-1 -->"


def test_an_issue_is_opened_and_noted_on_the_freight(github: Steps) -> None:
    output = github.output(
        KIND, {"title": "Release", "body": "Words", "labels": ["a", "b"], "assignees": ["alice"]}
    )

    item = github.site.repository.items[1]
    assert output == {"number": 1, "url": f"{github.site.server.url}/Octo/Config/issues/1"}
    assert github.metadata.values == {"github-issue-number": 1}
    assert (item["title"], item["body"]) == ("Release", f"Words\n\n{MARK}")
    assert [as_object(it)["name"] for it in as_list(item["labels"])] == ["a", "b"]
    assert [as_object(it)["login"] for it in as_list(item["assignees"])] == ["alice"]


def test_an_alias_names_the_key(github: Steps) -> None:
    github.run(KIND, {"title": "Release", "issueAlias": "change-request"})

    assert github.metadata.values == {"change-request": 1}
    assert github.site.repository.items[1]["body"] == MARK


def test_assignees_beyond_ten_are_ignored(github: Steps) -> None:
    github.run(KIND, {"title": "R", "assignees": [f"user{number}" for number in range(12)]})

    assert len(as_list(github.site.repository.items[1]["assignees"])) == 10


def test_a_replay_puts_out_the_same_issue(github: Steps) -> None:
    first = github.output(KIND, {"title": "Release"})

    assert github.output(KIND, {"title": "Release"}) == first
    assert len(github.site.server.sent("POST")) == 1


def test_an_issue_of_the_freight_is_taken_over(github: Steps) -> None:
    first = github.output(KIND, {"title": "Release"})
    github.state.clear()

    assert github.output(KIND, {"title": "Release"}) == first
    assert len(github.site.server.sent("POST")) == 1


@pytest.mark.parametrize("state", ["deleted", None])
def test_an_issue_of_the_freight_that_is_gone_is_opened_anew(
    github: Steps, state: str | None
) -> None:
    github.metadata.values = {"github-issue-number": 7}
    if state:
        github.site.repository.items[7] = {"state": state}

    assert github.output(KIND, {"title": "Release"})["number"] == (8 if state else 1)


def test_an_answer_that_is_lost_opens_no_second_issue(github: Steps) -> None:
    github.site.server.fail(Fault("POST", "/issues", after=Reply(502)))
    assert not is_final(github.failure(KIND, {"title": "Release"}))

    assert github.output(KIND, {"title": "Release"})["number"] == 1
    assert list(github.site.repository.items) == [1]


def test_a_number_that_cannot_be_noted_opens_no_second_issue(github: Steps) -> None:
    github.metadata.failure = UpstreamError("no database", retryable=True)
    assert not is_final(github.failure(KIND, {"title": "Release"}))

    assert github.output(KIND, {"title": "Release"})["number"] == 1
    assert list(github.site.repository.items) == [1]
    assert github.metadata.values == {"github-issue-number": 1}


def test_the_mark_is_found_among_hundreds(github: Steps) -> None:
    github.site.server.fail(Fault("POST", "/issues", after=Reply(502)))
    github.failure(KIND, {"title": "Release"})
    for number in range(2, 202):
        item = github.site.repository.items[1]
        github.site.repository.items[number] = {**item, "number": number, "body": None}

    assert github.output(KIND, {"title": "Release"})["number"] == 1


@pytest.mark.parametrize(
    ("config", "words"),
    [({"title": "  "}, "missing_field"), ({"title": "T", "assignees": ["nobody"]}, "invalid")],
)
def test_what_github_refuses_is_final(github: Steps, config: JSONObject, words: str) -> None:
    error = github.failure(KIND, config)

    assert words in error.message
    assert is_final(error)


@pytest.mark.parametrize(
    ("reply", "final"),
    [
        (Reply(401, {"message": "Bad credentials"}), True),
        (Reply(403, {"message": "Resource not accessible by integration"}), True),
        (Reply(404, {"message": "Not Found"}), True),
        (Reply(410, {"message": "Issues are disabled for this repo"}), True),
        (Reply(408), False),
        (Reply(429, headers=(("Retry-After", "900"),)), False),
        (Reply(403, {"message": "secondary rate limit"}, (("Retry-After", "900"),)), False),
        (Reply(500), False),
        (Reply(200, raw=b"<html>"), False),
    ],
)
def test_only_what_may_pass_is_tried_again(github: Steps, reply: Reply, *, final: bool) -> None:
    github.site.server.fail(Fault("POST", "/issues", before=reply))

    assert is_final(github.failure(KIND, {"title": "Release"})) is final


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://gitlab.com/octo/config", "a repository at gitlab, not at GitHub"),
        ("https://github.com/octo", "does not end in owner/repository"),
        ("https://github.com/octo/config/issues", "does not end in owner/repository"),
        ("https://github.com/octo/..", "is no path"),
    ],
)
def test_an_address_that_is_no_repository_at_github_is_final(
    github: Steps, url: str, words: str
) -> None:
    error = github.failure(KIND, {"title": "Release", "repoURL": url})

    assert words in error.message
    assert is_final(error)


def test_a_host_that_is_not_allowed_may_be_allowed_later(github: Steps) -> None:
    error = github.failure(KIND, {"title": "R", "repoURL": "http://localhost:9/octo/config"})

    assert "not allowed" in error.message
    assert not is_final(error)


@pytest.mark.parametrize(
    ("config", "is_valid"),
    [
        ({"title": "T"}, True),
        ({"title": "T", "insecureSkipTLSVerify": True, "issueAlias": ""}, True),
        ({"title": ""}, False),
        ({}, False),
        ({"title": "T", "labels": [""]}, False),
        ({"title": "T", "labels": "a"}, False),
        ({"title": "T", "repoURL": ""}, False),
        ({"title": "T", "project": "x"}, False),
    ],
)
def test_the_schema_names_what_there_is(
    github: Steps, config: JSONObject, *, is_valid: bool
) -> None:
    assert github.is_valid(KIND, config) is is_valid


def test_a_preview_names_the_repository_without_a_password(github: Steps) -> None:
    words = github.would(KIND, {"title": "T", "repoURL": "https://u:secret@github.com/octo/config"})

    assert words.startswith("open an issue in https://")
    assert "secret" not in words


def test_a_text_cannot_end_the_mark(github: Steps) -> None:
    github.run(KIND, {"title": "T"})

    assert as_text(github.site.repository.items[1]["body"]).count("-->") == 1
